"""The models by name, and how each is built from the authors' files (torch is imported only then)."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from export.settings import ExportSettings
from tracker_service.errors import ExportError

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph

_BUILDERS = {
    "hmr2": "export.hmr_family.loading:hmr2_from_weights",
    "detector": "export.detector.graph:from_weights",
    "appearance": "export.appearance.graph:from_weights",
    "appearance_encoder": "export.appearance.graph:encoder_from_weights",
    "pose_predictor": "export.pose_predictor.graph:from_weights",
}
_OTHERS = {
    "tokenhmr": "export.hmr_family.loading:tokenhmr_from_weights",
    "camerahmr": "export.hmr_family.loading:camerahmr_from_weights",
    "vfov": "export.vfov.graph:from_weights",
}
NAMES = tuple(_BUILDERS)
"""Models of the full set."""
ALL_NAMES = (*NAMES, *_OTHERS)
"""These, and what may stand in for one of them or beside them."""
_MODULES = {
    "hmr2": "export.hmr2.model",
    "tokenhmr": "export.hmr2.model",
    "camerahmr": "export.camerahmr.model",
    "detector": "export.detector.model",
    "appearance": "export.appearance.model",
    "appearance_encoder": "export.appearance.encoder",
    "pose_predictor": "export.pose_predictor.model",
    "vfov": "export.vfov.model",
}
"""Where the names of their tensors are declared."""
_COMMANDS = dict.fromkeys(("tokenhmr", "camerahmr"), "hmr2 --checkpoint FILE")


def command_for(name: str) -> str:
    """Return the arguments of `python -m export` that build a model."""
    return _COMMANDS.get(name, name.replace("_", "-"))


def tensor_names(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a model's inputs and of its outputs, as an export of today has them (imports torch)."""
    inputs, outputs = (resolve_name(f"{_MODULES[name]}:{kind}_NAMES") for kind in ("INPUT", "OUTPUT"))
    return tuple(inputs), tuple(outputs)


def graph_of(name: str, settings: ExportSettings) -> "ServedGraph":
    """Return the model called ``name`` in PyTorch, FP32, from the files in the weights folder."""
    builders = _BUILDERS | _OTHERS
    if name not in builders:
        raise ExportError(f"model: expected one of {', '.join(ALL_NAMES)}, got {name!r}")
    build: Callable[[ExportSettings], ServedGraph] = resolve_name(builders[name])
    return build(settings)
