"""Bodies are drawn with as many triangles as their size in the picture needs."""

import numpy as np
import pytest

from tests.body.rigid_body import rigid_body
from tests.drawing.people import box_body
from tests.people.painted_body import load_body, standing
from tracker_service.body.model import BodyModel
from tracker_service.body.surface import SkinnedSurface
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.level_of_detail import FACES_PER_ROW, surface_for
from tracker_service.drawing.rasterizer import rasterize
from tracker_service.types import Bool

FOCAL = 25_000.0


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body()


def outline(body: BodyModel, surface: SkinnedSurface, pixels_per_meter: float) -> Bool:
    """What a standing person covers of a picture."""
    vertices = body.posed(surface, standing())[0] + np.array([0, 0, FOCAL / pixels_per_meter])
    raster = rasterize(vertices, surface.faces, np.ones_like(vertices), PinholeCamera(FOCAL, 400, 400), (800, 800))
    covered = np.zeros((800, 800), np.bool_)
    covered[raster.window] = raster.mask
    return covered


def test_the_larger_a_person_the_more_triangles_up_to_the_whole_body(body: BodyModel) -> None:
    counts = [len(surface_for(body, pixels_per_meter).faces) for pixels_per_meter in (1, 80, 200, 500, 2000)]
    assert counts == sorted(counts)
    assert counts[0] < counts[1] < counts[2] < counts[-1] == len(body.faces)
    assert counts[2] >= FACES_PER_ROW * 200 * 1.7


@pytest.mark.parametrize("pixels_per_meter", [60.0, 150.0, 300.0])
def test_outlines_stay_within_a_quarter_of_a_pixel(body: BodyModel, pixels_per_meter: float) -> None:
    full = outline(body, body.surface, pixels_per_meter)
    coarse = outline(body, surface_for(body, pixels_per_meter), pixels_per_meter)
    border = (full[1:] != full[:-1]).sum() + (full[:, 1:] != full[:, :-1]).sum()
    assert 0 < (full != coarse).sum() < 0.25 * border


def test_a_body_of_few_triangles_is_drawn_as_it_is() -> None:
    body = box_body()
    assert len(surface_for(body, 1.0).faces) == len(body.faces)


def test_a_body_whose_triangles_are_a_tangle_is_drawn_as_it_is() -> None:
    corners = np.random.default_rng(0).normal(size=(900, 3))
    tangle = rigid_body(corners, np.random.default_rng(1).integers(0, len(corners), (2000, 3)))
    assert len(surface_for(tangle, 1.0).faces) == 2000
