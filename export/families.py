"""The models of the full set by name, and how each is built from the authors' files (imported only when asked)."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from export.settings import ExportSettings
from tracker_service.errors import ExportError

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph

_MODULES = {
    "hmr2": "export.hmr2.command",
    "detector": "export.detector.command",
    "appearance": "export.appearance.command",
    "appearance_encoder": "export.appearance.encoder_command",
    "pose_predictor": "export.pose_predictor.command",
}
NAMES = tuple(_MODULES)


def graph_of(name: str, settings: ExportSettings) -> "ServedGraph":
    """Return the model called ``name`` in PyTorch, FP32, from the files in the weights folder."""
    if name not in _MODULES:
        raise ExportError(f"model: expected one of {', '.join(NAMES)}, got {name!r}")
    build: Callable[[ExportSettings], ServedGraph] = import_module(_MODULES[name]).graph
    return build(settings)
