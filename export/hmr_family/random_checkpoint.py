"""Checkpoints of the published names, sizes and containers but random numbers, for every network of the family."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from export.camerahmr import checkpoint as camerahmr
from export.hmr2 import checkpoint as hmr2
from export.hmr2.random_checkpoint import random_tensors
from export.hmr_family.detection import Family
from export.tokenhmr import checkpoint as tokenhmr
from export.tokenhmr.sizes import PUBLISHED, TokenSizes
from export.weights.checkpoint import Shape

_LOGITS, _ROTATIONS = 5.0, 6.0
"""Factors of TokenHMR's last classifier and tokenizer layers: one code in three then stands out, as after training (at
1 all codes would be equally likely, and every person would have one pose), and joints turn about as far as HMR2's do,
15 degrees on average (measured)."""


def write_random_family(folder: Path, family: Family, sizes: TokenSizes = PUBLISHED, seed: int = 0) -> Path:
    """Write a checkpoint, and for TokenHMR ``tokenizer.pth`` beside it; 2.7 GB for the published sizes.

    Args:
        folder: where they go; made when missing.
        family: which network.
        sizes: of network and tokenizer.
        seed: of the numbers.

    Returns:
        The checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = dict(random_tensors(shapes_of(family, sizes), seed))
    if family is Family.TOKENHMR:
        state["smpl_head.decpose.class_pred_layer.weight"] *= _LOGITS
    state |= _beside(family, sizes)
    path = folder / f"{family}.ckpt"
    torch.save({"state_dict": state, "epoch": 35, "pytorch-lightning_version": "1.8.1"}, path)
    if family is Family.TOKENHMR:
        write_random_tokenizer(folder / "tokenizer.pth", sizes, seed)
    return path


def write_random_tokenizer(path: Path, sizes: TokenSizes = PUBLISHED, seed: int = 0) -> None:
    """Write a file like TokenHMR's ``tokenizer.pth``, without the configuration that the published one holds."""
    net = dict(random_tensors(tokenhmr.tokenizer_shapes(sizes), seed))
    net["quantizer.codebook"] *= sizes.code_size**0.5
    net["decoder.decoder.15.weight"] *= _ROTATIONS
    torch.save({"net": net | {"encoder.encoder.0.weight": torch.zeros(1)}}, path)


def shapes_of(family: Family, sizes: TokenSizes) -> Mapping[str, Shape]:
    """Return name and shape of every tensor that inference needs of a checkpoint."""
    if family is Family.TOKENHMR:
        return tokenhmr.expected_shapes(sizes)
    expected = hmr2.expected_shapes if family is Family.HMR2 else camerahmr.expected_shapes
    return expected(sizes.network)


def _beside(family: Family, sizes: TokenSizes) -> dict[str, Tensor]:
    """Return what a checkpoint holds beside the tensors that inference needs."""
    if family is Family.HMR2:
        return {"initialized": torch.tensor(True), "discriminator.betas_out.weight": torch.zeros(1, 5)}
    aside = {"smpl.faces_tensor": torch.zeros(1, 3)}
    if family is Family.CAMERAHMR:
        aside["smpl_head.deckp.weight"] = torch.zeros(88, sizes.network.decoder_dim)
        aside["smpl_head.deckp.bias"] = torch.zeros(88)
    return aside
