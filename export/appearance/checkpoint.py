"""The encoder's tensors out of PHALP's `hmar_v2_weights.pth`, and the atlas files."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from export.appearance.encoder import AppearanceEncoder, expected_shapes
from export.appearance.texture import Atlas
from export.weights.checkpoint import read_checkpoint, state_dict, take_tensors
from export.weights.pickles import read_npy

_PREFIX_LENGTH = 5
"""Upstream cuts five characters off every name, whatever they are."""
_PART = "encoding_head."
_IGNORED = ("t_*", "conv1.*")
"""The decoder half, and the input layer of the variant that takes colour without alpha."""


def encoder_tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the encoder's tensors by layer; the file's other networks are left alone, as upstream leaves them.

    Raises:
        MissingTensorError, UnexpectedTensorError, TensorShapeError: see `take_tensors`.
    """
    names = {name[_PREFIX_LENGTH:]: tensor for name, tensor in state.items()}
    own = {name.removeprefix(_PART): tensor for name, tensor in names.items() if name.startswith(_PART)}
    return take_tensors(own, expected_shapes(), _IGNORED)


def load_encoder(path: Path) -> AppearanceEncoder:
    """Return the encoder of the published file, in evaluation mode."""
    tensors = encoder_tensors(state_dict(read_checkpoint(path), "model", path))
    encoder = AppearanceEncoder().eval()
    encoder.load_state_dict({f"layers.{name}": tensor for name, tensor in tensors.items()}, strict=True)
    return encoder.requires_grad_(requires_grad=False)


def load_atlas(faces: Path, weights: Path) -> Atlas:
    """Return the atlas in `fmap_256.npy` and `bmap_256.npy`."""
    return Atlas(face=read_npy(faces), weights=read_npy(weights))
