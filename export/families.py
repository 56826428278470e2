"""The models of the full set by name, and how each is built from the authors' files (torch is imported only then)."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from export.settings import ExportSettings
from tracker_service.errors import ExportError

if TYPE_CHECKING:
    from export.graphs.served_graph import ServedGraph

_BUILDERS = {
    "hmr2": "export.hmr2.graph:from_weights",
    "detector": "export.detector.graph:from_weights",
    "appearance": "export.appearance.graph:from_weights",
    "appearance_encoder": "export.appearance.graph:encoder_from_weights",
    "pose_predictor": "export.pose_predictor.graph:from_weights",
}
NAMES = tuple(_BUILDERS)


def graph_of(name: str, settings: ExportSettings) -> "ServedGraph":
    """Return the model called ``name`` in PyTorch, FP32, from the files in the weights folder."""
    if name not in _BUILDERS:
        raise ExportError(f"model: expected one of {', '.join(NAMES)}, got {name!r}")
    build: Callable[[ExportSettings], ServedGraph] = resolve_name(_BUILDERS[name])
    return build(settings)
