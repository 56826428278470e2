"""From the published TokenHMR checkpoint and its tokenizer to our module: every tensor accounted for."""

from collections.abc import Iterator, Mapping

from torch import Tensor

from export.body.body_model import BodyModel
from export.hmr2.checkpoint import (
    backbone_shapes,
    decoder_shapes,
    folded_decoder,
    linear_shapes,
    norm_shapes,
)
from export.tokenhmr.model import TokenHmr
from export.tokenhmr.sizes import CHANNEL_MLP, HIDDEN, LENGTHS, MIXERS, PUBLISHED, TOKEN_MLP, TOKENS, TokenSizes
from export.weights.checkpoint import Shape

TOKENIZER_IGNORED = ("encoder.*", "quantizer.code_sum", "quantizer.code_count")
"""Tensors of the tokenizer that inference does not use: its encoder, and what training counts of the codebook."""

_CLASSIFIER = "smpl_head.decpose"
_RESIDUALS = "decoder.decoder.14.0.model"


def expected_shapes(sizes: TokenSizes = PUBLISHED) -> dict[str, Shape]:
    """Return the shape of every tensor that inference needs of the checkpoint, by its name there."""
    network, dim = sizes.network, sizes.network.decoder_dim
    return dict(
        (
            *backbone_shapes(network),
            *decoder_shapes(network),
            *linear_shapes("smpl_head.decpose_grot", 6, dim),
            *linear_shapes("smpl_head.decpose_hands", 12, dim),
            *_classifier_shapes(dim, sizes.codes),
        )
    )


def _classifier_shapes(dim: int, codes: int) -> Iterator[tuple[str, Shape]]:
    yield from linear_shapes(f"{_CLASSIFIER}.mixer_trans.ff.0", TOKENS * HIDDEN, dim)
    yield from norm_shapes(f"{_CLASSIFIER}.mixer_trans.ff.1", TOKENS * HIDDEN)
    for index in range(MIXERS):
        mixer = f"{_CLASSIFIER}.mixer_head.{index}"
        yield from norm_shapes(f"{mixer}.layernorm1", HIDDEN)
        yield from linear_shapes(f"{mixer}.MLP_token.ff.0", TOKEN_MLP, TOKENS)
        yield from linear_shapes(f"{mixer}.MLP_token.ff.3", TOKENS, TOKEN_MLP)
        yield from norm_shapes(f"{mixer}.layernorm2", HIDDEN)
        yield from linear_shapes(f"{mixer}.MLP_channel.ff.0", CHANNEL_MLP, HIDDEN)
        yield from linear_shapes(f"{mixer}.MLP_channel.ff.3", HIDDEN, CHANNEL_MLP)
    yield from linear_shapes(f"{_CLASSIFIER}.mixer_norm_layer.ff.0", HIDDEN, HIDDEN)
    yield from norm_shapes(f"{_CLASSIFIER}.mixer_norm_layer.ff.1", HIDDEN)
    yield from linear_shapes(f"{_CLASSIFIER}.class_pred_layer", codes, HIDDEN)


def tokenizer_shapes(sizes: TokenSizes = PUBLISHED) -> dict[str, Shape]:
    """Return the shape of every tensor that inference needs of ``tokenizer.pth`` (23 of them)."""
    shapes: dict[str, Shape] = {"quantizer.codebook": (sizes.codes, sizes.code_size)}
    for name, (rows, columns, taps) in _convolutions(sizes).items():
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (rows, columns, taps), (rows,)
    return shapes


def _convolutions(sizes: TokenSizes) -> dict[str, tuple[int, int, int]]:
    """Return rows, columns and taps of the tokenizer's convolutions."""
    width = sizes.width
    residuals = {
        f"{_RESIDUALS}.{index}.conv{part}": (width, width, 5 - 2 * part) for index in (0, 1) for part in (1, 2)
    }
    return {
        "decoder.decoder.0": (width, sizes.code_size, 3),
        **{f"decoder.decoder.{3 * index + 3}": (width, width, 3) for index in range(len(LENGTHS))},
        **residuals,
        "decoder.decoder.14.1": (width, width, 3),
        "decoder.decoder.15": (6, width, 3),
    }


def fold(
    tensors: Mapping[str, Tensor], tokenizer: Mapping[str, Tensor], sizes: TokenSizes = PUBLISHED
) -> dict[str, Tensor]:
    """Return our module's state from the tensors of both files."""
    state = dict(folded_decoder(tensors, sizes.network))
    state["decoder.query_token"] = (
        tensors["smpl_head.transformer.to_token_embedding.bias"] + tensors["smpl_head.transformer.pos_embedding"][0, 0]
    )
    state["decoder.mean_pose"] = tensors["smpl_head.init_body_pose"].reshape(-1, 6)
    state["decoder.tokenizer.codebook"] = tokenizer["quantizer.codebook"]
    for source, names in ((tensors, _head_names()), (tokenizer, _tokenizer_names())):
        for ours, theirs in names.items():
            for kind in ("weight", "bias"):
                state[f"decoder.{ours}.{kind}"] = source[f"{theirs}.{kind}"]
    return state


def _head_names() -> dict[str, str]:
    names = {
        "readout_root": "smpl_head.decpose_grot",
        "readout_hands": "smpl_head.decpose_hands",
        "classifier.stem": f"{_CLASSIFIER}.mixer_trans.ff.0",
        "classifier.stem_norm": f"{_CLASSIFIER}.mixer_trans.ff.1",
        "classifier.last": f"{_CLASSIFIER}.mixer_norm_layer.ff.0",
        "classifier.last_norm": f"{_CLASSIFIER}.mixer_norm_layer.ff.1",
        "classifier.logits": f"{_CLASSIFIER}.class_pred_layer",
    }
    parts = {
        "token_norm": "layernorm1",
        "tokens.widen": "MLP_token.ff.0",
        "tokens.narrow": "MLP_token.ff.3",
        "channel_norm": "layernorm2",
        "channels.widen": "MLP_channel.ff.0",
        "channels.narrow": "MLP_channel.ff.3",
    }
    for index in range(MIXERS):
        for ours, theirs in parts.items():
            names[f"classifier.mixers.{index}.{ours}"] = f"{_CLASSIFIER}.mixer_head.{index}.{theirs}"
    return names


def _tokenizer_names() -> dict[str, str]:
    return {
        "tokenizer.first": "decoder.decoder.0",
        **{f"tokenizer.resized.{index}": f"decoder.decoder.{3 * index + 3}" for index in range(len(LENGTHS))},
        **{f"tokenizer.residuals.{index}.wide": f"{_RESIDUALS}.{index}.conv1" for index in (0, 1)},
        **{f"tokenizer.residuals.{index}.point": f"{_RESIDUALS}.{index}.conv2" for index in (0, 1)},
        "tokenizer.smooth": "decoder.decoder.14.1",
        "tokenizer.out": "decoder.decoder.15",
    }


def build(
    tensors: Mapping[str, Tensor], tokenizer: Mapping[str, Tensor], body: BodyModel, sizes: TokenSizes = PUBLISHED
) -> TokenHmr:
    """Return the module in evaluation mode."""
    model = TokenHmr(body, sizes).eval()
    model.load_state_dict(fold(tensors, tokenizer, sizes), strict=True, assign=True)
    return model.requires_grad_(requires_grad=False)
