"""Which network of the HMR family a checkpoint holds, told from the names and shapes of its tensors."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from export.camerahmr.checkpoint import QUERY_WIDTH
from export.errors import UnknownFamilyError, UnsupportedFamilyError

_QUERY = "smpl_head.transformer.to_token_embedding.weight"


class Family(StrEnum):
    """The networks that can be exported, by the name of their model in the repository."""

    HMR2 = "hmr2"
    TOKENHMR = "tokenhmr"
    CAMERAHMR = "camerahmr"


TITLES = {Family.HMR2: "HMR2.0 (4D-Humans)", Family.TOKENHMR: "TokenHMR", Family.CAMERAHMR: "CameraHMR (SMPL)"}
"""What the authors call them."""

_REFUSED = {
    "smplx_head.": (
        "CameraHMR for SMPL-X: its bodies have other joints, shapes and vertices than the model contract's SMPL, and "
        "the body file, skinning and results for SMPL-X are missing here; take the SMPL checkpoint"
    ),
    "init_to_token_mhr.": (
        "SAM 3D Body: its decoder runs the MHR body six times inside the network, and that body, its ray encoding and "
        "outputs for MHR are missing here"
    ),
}


def family_of(state: Mapping[str, Any], where: str) -> Family:
    """Return the family of a checkpoint's tensors.

    Args:
        state: tensors by their published names.
        where: the file, for messages.

    Raises:
        UnsupportedFamilyError: a network that is known and cannot be exported; the message says what is missing.
        UnknownFamilyError: none of the family.
    """
    for prefix, reason in _REFUSED.items():
        if any(name.removeprefix("model.").startswith(prefix) for name in state):
            raise UnsupportedFamilyError(f"{where}: expected {_known()}, got {reason}")
    if "smpl_head.decpose.class_pred_layer.weight" in state:
        return Family.TOKENHMR
    width = _columns(state.get(_QUERY))
    if "smpl_head.decpose.weight" in state and width in _BY_QUERY:
        return _BY_QUERY[width]
    raise UnknownFamilyError(f"{where}: expected {_known()}, got {_shown(state, width)}")


_BY_QUERY = {1: Family.HMR2, QUERY_WIDTH: Family.CAMERAHMR}
"""HMR2's query token is a learnt constant, CameraHMR's is made from 160 numbers."""


def _columns(tensor: Any) -> int | None:
    shape = tuple(getattr(tensor, "shape", ()))
    return shape[1] if len(shape) == 2 else None


def _known() -> str:
    return f"a checkpoint of {', '.join(TITLES.values())}"


def _shown(state: Mapping[str, Any], width: int | None) -> str:
    if width is not None:
        return f"a query token made from {width} numbers"
    groups = sorted({name.partition(".")[0] for name in state})
    return f"tensors of {', '.join(groups[:5]) or 'nothing'}, without {_QUERY}"
