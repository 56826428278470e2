"""The rasteriser against an exact z-buffer that asks every triangle about every pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samples.rasterizer import interpolated, rasterize
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.errors import ContractError
from tracker_service.types import Float64, Int64

CAMERA = PinholeCamera(focal=40.0, center_x=16.0, center_y=12.0)
SIZE = (32, 24)


def exact_depth(vertices: Float64, faces: Int64, *, cull: bool) -> Float64:
    """Meet the ray of every pixel centre with every triangle (Moeller and Trumbore); infinite where there is none."""
    columns, rows = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    away = np.ones_like(columns)
    rays = np.stack([(columns - CAMERA.center_x) / CAMERA.focal, (rows - CAMERA.center_y) / CAMERA.focal, away], axis=2)
    depth = np.full(SIZE[::-1], np.inf)
    for a, b, c in vertices[faces]:
        edge1, edge2 = b - a, c - a
        normals = np.cross(rays, edge2)
        facing = normals @ edge1
        seen = facing > 0 if cull else facing != 0
        facing = np.where(seen, facing, 1)
        u = normals @ -a / facing
        w = rays @ np.cross(-a, edge1) / facing
        t = edge2 @ np.cross(-a, edge1) / facing
        hit = seen & (u >= 0) & (w >= 0) & (1 - u - w >= 0) & (t > 0)
        depth[hit] = np.minimum(depth, t)[hit]
    return depth


def random_triangles(seed: int, count: int) -> tuple[Float64, Int64]:
    random = np.random.default_rng(seed)
    vertices = random.uniform([-1.2, -1.0, 1.5], [1.2, 1.0, 4.0], (3 * count, 3))
    return vertices, np.arange(3 * count).reshape(count, 3)


def box_mesh(center: NDArray[np.float64], side: float) -> tuple[Float64, Int64]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * side / 2 + center
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return corners, np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 6), cull=st.booleans())
def test_depth_is_that_of_an_exact_z_buffer(seed: int, count: int, cull: bool) -> None:
    vertices, faces = random_triangles(seed, count)
    expected = exact_depth(vertices, faces, cull=cull)
    raster = rasterize(vertices, faces, CAMERA, SIZE, cull=cull)
    depth = np.full(SIZE[::-1], np.inf)
    depth[raster.window] = raster.depth
    np.testing.assert_allclose(depth, expected, rtol=1e-5)


def test_a_closed_box_is_covered_without_holes_and_shows_the_same_with_and_without_culling() -> None:
    vertices, faces = box_mesh(np.array([0.1, -0.05, 3.0]), 1.0)
    culled = rasterize(vertices, faces, CAMERA, SIZE)
    everything = rasterize(vertices, faces, CAMERA, SIZE, cull=False)
    np.testing.assert_array_equal(culled.depth, everything.depth)
    assert culled.depth[culled.mask].min() == pytest.approx(2.5)
    rows = np.flatnonzero(culled.mask.any(axis=1))
    assert all(np.ptp(np.flatnonzero(culled.mask[row])) + 1 == culled.mask[row].sum() for row in rows)


def test_the_region_is_cut_at_the_border_of_the_image() -> None:
    vertices, faces = box_mesh(np.array([1.2, 0.9, 3.0]), 1.0)
    raster = rasterize(vertices, faces, CAMERA, SIZE)
    assert raster.left + raster.mask.shape[1] == SIZE[0]
    assert raster.top + raster.mask.shape[0] == SIZE[1]
    assert raster.mask[-1, -1]


@pytest.mark.parametrize(
    "center",
    [np.array([0, 0, -3.0]), np.array([50.0, 0, 3.0]), np.array([0, -50.0, 3.0]), np.array([np.nan, 0, 3.0])],
    ids=["behind the camera", "right of the image", "above the image", "not a number"],
)
def test_nothing_is_covered_by_a_mesh(center: NDArray[np.float64]) -> None:
    vertices, faces = box_mesh(center, 1.0)
    assert not rasterize(vertices, faces, CAMERA, SIZE).mask.any()


def test_interpolated_positions_are_the_points_that_the_pixels_look_at() -> None:
    vertices, faces = random_triangles(3, 5)
    raster = rasterize(vertices, faces, CAMERA, SIZE, cull=False)
    points = interpolated(raster, vertices, faces, CAMERA, vertices)
    rows, columns = np.nonzero(raster.mask)
    pixels = np.stack([columns + raster.left + 0.5, rows + raster.top + 0.5], axis=1)
    np.testing.assert_allclose(CAMERA.project(points), pixels, atol=1e-6)
    np.testing.assert_allclose(points[:, 2], raster.depth[raster.mask], rtol=1e-5)
    chosen = raster.mask & (np.arange(raster.mask.shape[1]) % 2 == 0)
    np.testing.assert_array_equal(
        interpolated(raster, vertices, faces, CAMERA, vertices, chosen), points[chosen[raster.mask]]
    )


@pytest.mark.parametrize(
    ("vertices_shape", "faces_shape", "message"),
    [((4, 2), (1, 3), "vertices of shape"), ((4, 3), (1, 4), "faces of shape")],
)
def test_wrong_shapes_are_named(vertices_shape: tuple[int, int], faces_shape: tuple[int, int], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        rasterize(np.ones(vertices_shape), np.zeros(faces_shape, int), CAMERA, SIZE)


def test_frame_camera_is_that_of_hmr2() -> None:
    # A crop centre of (1200, 500) plus 37500 / 138.9 times the crop camera (0.05, -0.1), as upstream computes it.
    camera = PinholeCamera.of_frame(1920, 1080)
    assert camera.focal == 37500
    np.testing.assert_allclose(camera.project(np.array([0.938889, -0.248148, 138.888889])), [1213.5, 473.0], atol=1e-3)
