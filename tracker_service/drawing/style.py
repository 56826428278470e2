"""What an overlay shows, and upstream's ``render.type`` strings that say it."""

import re
from dataclasses import dataclass
from typing import Self

from tracker_service.errors import SettingsError

_WORDS = ("HUMAN", "GHOST", "MESH", "MASK", "BBOX", "SKELETON")
_TRACK = re.compile(r"TRACKID_(\d+)(?:_|$)")


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """What is drawn for each person.

    Attributes:
        mesh: the shaded body surface.
        silhouette: the body's flat outline and filling.
        boxes: the person's box.
        skeleton: the 2D joints and the limbs between them.
        predicted: also people who were not detected in the frame.
        track_id: only this identity; None for all.
        stamp: frame number and time in a corner, and a mark on the first frame of a shot.
        mesh_opacity: 0 to 1; raising it hides more of the person behind the mesh.
    """

    mesh: bool = True
    silhouette: bool = False
    boxes: bool = True
    skeleton: bool = True
    predicted: bool = True
    track_id: int | None = None
    stamp: bool = True
    mesh_opacity: float = 0.82

    @property
    def needs_surface(self) -> bool:
        """Whether body vertices are needed to draw this style."""
        return self.mesh or self.silhouette

    @classmethod
    def from_render_type(cls, render_type: str) -> Self:
        """Read a ``render.type`` such as ``HUMAN_MESH`` or ``GHOST_BBOX_SKELETON_TRACKID_3_``.

        ``HUMAN`` alone leaves predicted people out, as upstream does; with ``GHOST``, or without either, they are
        shown (PHALP, ``phalp/visualize/py_renderer.py``).

        Raises:
            SettingsError: nothing of MESH, MASK, BBOX, SKELETON is asked for.
        """
        text = render_type.upper()
        style = cls(
            mesh="MESH" in text,
            silhouette="MASK" in text,
            boxes="BBOX" in text,
            skeleton="SKELETON" in text,
            predicted="GHOST" in text or "HUMAN" not in text,
            track_id=int(found.group(1)) if (found := _TRACK.search(text)) else None,
        )
        if not (style.mesh or style.silhouette or style.boxes or style.skeleton):
            raise SettingsError(f"render.type: expected one or more of {', '.join(_WORDS)}, got {render_type!r}")
        return style
