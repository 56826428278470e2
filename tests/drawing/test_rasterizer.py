"""The rasteriser against an exact z-buffer, and what it leaves out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samples.rasterizer import interpolated
from samples.rasterizer import rasterize as rasterize_exactly
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.rasterizer import Raster, rasterize
from tracker_service.errors import ContractError
from tracker_service.types import Float64, Int64

CAMERA = PinholeCamera(focal=400.0, center_x=150.0, center_y=130.0)
SIZE = (320, 240)


def random_triangles(seed: int, count: int) -> tuple[Float64, Int64]:
    random = np.random.default_rng(seed)
    vertices = random.uniform([-1.2, -1.0, 1.5], [1.2, 1.0, 4.0], (3 * count, 3))
    return vertices, np.arange(3 * count).reshape(count, 3)


def box(center: NDArray[np.float64]) -> tuple[Float64, Int64]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2 + center
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return corners, np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))])


def grey(vertices: Float64, faces: Int64) -> Raster:
    return rasterize(vertices, faces, np.full(vertices.shape, 0.5), CAMERA, SIZE)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 6))
def test_depth_and_color_are_those_of_an_exact_z_buffer(seed: int, count: int) -> None:
    vertices, faces = random_triangles(seed, count)
    colors = np.random.default_rng(seed).uniform(0, 1, vertices.shape)
    raster, exact = rasterize(vertices, faces, colors, CAMERA, SIZE), rasterize_exactly(vertices, faces, CAMERA, SIZE)
    depth, expected = (np.full(SIZE[::-1], np.inf, np.float32) for _ in range(2))
    depth[raster.window] = np.where(raster.mask, raster.depth, np.inf)
    expected[exact.window] = exact.depth
    same = np.isclose(depth, expected, rtol=1e-4)
    # A pixel centre within rounding of an edge may fall to either side.
    assert (~same).sum() <= 3 * count
    shown, wanted = np.zeros((2, *SIZE[::-1], 3))
    shown[raster.window] = raster.colors
    wanted[exact.window][exact.mask] = interpolated(exact, vertices, faces, CAMERA, colors)
    np.testing.assert_allclose(shown[same & (depth < np.inf)], wanted[same & (depth < np.inf)], atol=2e-3)


def test_the_region_is_cut_at_the_border_of_the_image() -> None:
    raster = grey(*box(np.array([1.2, 0.9, 3.0])))
    assert (raster.right, raster.bottom) == SIZE
    assert raster.mask[-1, -1]


@pytest.mark.parametrize(
    "center",
    [np.array([0, 0, -3.0]), np.array([50.0, 0, 3.0]), np.array([0, -50.0, 3.0]), np.array([np.nan, 0, 3.0])],
    ids=["behind the camera", "right of the image", "above the image", "not a number"],
)
def test_nothing_is_covered_by_a_mesh(center: NDArray[np.float64]) -> None:
    assert not grey(*box(center)).mask.any()


def test_triangles_that_reach_behind_the_camera_are_left_out_and_the_others_drawn() -> None:
    vertices, faces = box(np.array([0.0, 0, 3.0]))
    behind = np.array([[0.0, 0, -1.0]])
    reaching = np.concatenate([faces, [[0, 4, len(vertices)]]])
    np.testing.assert_array_equal(grey(np.concatenate([vertices, behind]), reaching).depth, grey(vertices, faces).depth)


@pytest.mark.parametrize(
    ("vertices", "faces", "colors", "message"),
    [
        ((4, 2), (1, 3), (4, 2), "vertices of shape"),
        ((4, 3), (1, 4), (4, 3), "faces of shape"),
        ((4, 3), (1, 3), (1, 3), r"colors of shape \(4, 3\), got \(1, 3\)"),
    ],
)
def test_wrong_shapes_are_named(
    vertices: tuple[int, int], faces: tuple[int, int], colors: tuple[int, int], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        rasterize(np.ones(vertices), np.zeros(faces, int), np.zeros(colors), CAMERA, SIZE)
