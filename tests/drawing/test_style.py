"""Upstream's ``render.type`` strings and the colours of identities."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from tracker_service.drawing.palette import readable_on, track_color
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import SettingsError


@pytest.mark.parametrize(
    ("render_type", "mesh", "silhouette", "boxes", "skeleton", "predicted", "track_id"),
    [
        ("HUMAN_MESH", True, False, False, False, False, None),
        ("HUMAN_BBOX", False, False, True, False, False, None),
        ("HUMAN_SKELETON", False, False, False, True, False, None),
        ("HUMAN_MASK", False, True, False, False, False, None),
        ("HUMAN_MESH_BBOX_SKELETON", True, False, True, True, False, None),
        ("GHOST_MESH", True, False, False, False, True, None),
        ("HUMAN_GHOST_BBOX", False, False, True, False, True, None),
        ("mesh_bbox", True, False, True, False, True, None),
        ("HUMAN_MESH_TRACKID_3_", True, False, False, False, False, 3),
        ("GHOST_BBOX_TRACKID_12", False, False, True, False, True, 12),
    ],
)
def test_render_types(
    render_type: str, mesh: bool, silhouette: bool, boxes: bool, skeleton: bool, predicted: bool, track_id: int | None
) -> None:
    style = OverlayStyle.from_render_type(render_type)
    assert (style.mesh, style.silhouette, style.boxes, style.skeleton) == (mesh, silhouette, boxes, skeleton)
    assert (style.predicted, style.track_id) == (predicted, track_id)
    assert style.needs_surface == (mesh or silhouette)


@pytest.mark.parametrize("render_type", ["", "HUMAN", "TRACKID_3_", "TEX_P"])
def test_a_render_type_that_shows_nothing_is_refused(render_type: str) -> None:
    with pytest.raises(SettingsError, match="expected one or more of"):
        OverlayStyle.from_render_type(render_type)


def test_neighbouring_identities_have_distinct_colors() -> None:
    colors = [np.array(track_color(track_id)) for track_id in range(1, 13)]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(colors, 2)) > 45
    later = [np.array(track_color(track_id)) for track_id in range(13, 200)]
    assert min(float(np.linalg.norm(a - b)) for a, b in pairwise(later)) > 60


@pytest.mark.parametrize("track_id", [0, 1, 7, 12, 13, 500, 10**9])
def test_every_identity_has_a_color_with_readable_text_on_it(track_id: int) -> None:
    color = track_color(track_id)
    assert all(0 <= channel <= 255 for channel in color)
    assert abs(sum(readable_on(color)) - sum(color)) > 150
