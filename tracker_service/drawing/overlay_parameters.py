"""Settings of the overlay video."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt

from tracker_service.drawing.style import OverlayStyle
from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class OverlayParameters:
    """The overlay video; names as in PHALP's ``render`` group.

    Attributes:
        enable: draw it.
        type: what is drawn, as upstream writes it: HUMAN or GHOST with MESH, MASK, BBOX, SKELETON and TRACKID_n.
        fps: constant rate of the video; None keeps the source's own timestamps.
    """

    enable: bool = True
    type: str = "HUMAN_MESH_SKELETON_BBOX_GHOST"
    fps: Annotated[float, Gt(0)] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)

    @property
    def style(self) -> OverlayStyle | None:
        """How the overlay is drawn, None where there is none; raises `SettingsError` for an unknown ``type``."""
        return OverlayStyle.from_render_type(self.type) if self.enable else None
