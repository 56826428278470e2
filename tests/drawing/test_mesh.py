"""Shading, occlusion and blending of meshes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.drawing.people import box_body
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.mesh import Mesh, draw_meshes, vertex_normals
from tracker_service.errors import ContractError
from tracker_service.types import Float64, UInt8

CAMERA = PinholeCamera(60.0, 32.0, 24.0)
RED, BLUE = np.array([220.0, 0, 0]), np.array([0, 0, 220.0])
FACES = box_body().faces


def black() -> UInt8:
    return np.zeros((48, 64, 3), np.uint8)


def drawn(image: UInt8, *meshes: Mesh) -> UInt8:
    """A copy of ``image`` with the meshes on it."""
    picture = image.copy()
    draw_meshes(picture, meshes, CAMERA)
    return picture


def cube(x: float, z: float, side: float = 1.0) -> Float64:
    corners = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], np.float64)
    return np.asarray(corners * side / 2 + np.array([x, 0, z]))


def test_the_nearer_mesh_hides_the_farther_whatever_their_order() -> None:
    near, far = Mesh(cube(0, 3), FACES, RED), Mesh(cube(0, 5, 2.5), FACES, BLUE)
    picture = drawn(black(), near, far)
    np.testing.assert_array_equal(picture, drawn(black(), far, near))
    assert picture[24, 32, 0] > 0
    assert picture[24, 32, 2] == 0
    assert picture[24, 15, 2] > 0


def test_meshes_that_run_through_each_other_are_cut_where_they_meet() -> None:
    # Two plates crossing like an X seen from above: left of the middle one is nearer, right of it the other.
    plate = np.array([[-1.0, -0.5, 0], [1, -0.5, 0], [1, 0.5, 0], [-1, 0.5, 0]])
    faces = np.array([[0, 2, 1], [0, 3, 2]])
    rising, falling = plate.copy(), plate.copy()
    rising[:, 2] = 3 + 0.5 * plate[:, 0]
    falling[:, 2] = 3 - 0.5 * plate[:, 0]
    picture = drawn(black(), Mesh(rising, faces, RED), Mesh(falling, faces, BLUE))
    assert (picture[24, 20:30, 0] > 0).all()
    assert (picture[24, 20:30, 2] == 0).all()
    assert (picture[24, 34:44, 2] > 0).all()
    assert (picture[24, 34:44, 0] == 0).all()


def test_a_clear_mesh_in_front_blends_with_the_solid_one_behind() -> None:
    solid = Mesh(cube(0, 5, 2), FACES, BLUE)
    alone = drawn(black(), solid)
    both = drawn(black(), Mesh(cube(0, 3, 0.6), FACES, RED, opacity=0.25), solid)
    assert both[24, 32, 0] > 0
    assert both[24, 32, 2] == pytest.approx(0.75 * alone[24, 32, 2], abs=1.5)
    hidden = drawn(black(), Mesh(cube(0, 7, 0.6), FACES, RED, opacity=0.25), solid)
    np.testing.assert_array_equal(hidden, alone)


def test_pixels_that_no_mesh_covers_keep_their_values() -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    picture = drawn(image, Mesh(cube(0, 3), FACES, RED))
    changed = (picture != image).any(axis=2)
    rows, columns = np.nonzero(changed)
    # The front of the cube is 2.5 m away: 24 pixels wide around the principal point.
    assert rows.min() >= 24 - 12
    assert rows.max() <= 24 + 11
    assert columns.min() >= 32 - 12
    assert columns.max() <= 32 + 11
    assert changed.sum() > 500


def test_colors_may_differ_over_the_mesh() -> None:
    vertices = cube(0, 3)
    picture = drawn(black(), Mesh(vertices, FACES, np.where(vertices[:, :1] < 0, RED, BLUE)))
    assert picture[24, 22, 0] > picture[24, 22, 2]
    assert picture[24, 41, 2] > picture[24, 41, 0]
    assert min(picture[24, 32, 0], picture[24, 32, 2]) > 0


def test_light_comes_from_above() -> None:
    picture = drawn(black(), Mesh(cube(0, 3), FACES, RED))
    assert picture[14, 32, 0] > picture[24, 32, 0] > picture[34, 32, 0] > 0


def test_vertex_normals_point_outwards() -> None:
    vertices = cube(0, 0)
    normals = vertex_normals(vertices, FACES)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    assert (np.einsum("vk,vk->v", normals, vertices) > 0.5).all()


@pytest.mark.parametrize(
    ("color", "opacity", "message"),
    [
        (np.zeros(4), 1.0, r"Mesh.color: expected \(3,\) or \(8, 3\), got \(4,\)"),
        (np.zeros((9, 3)), 1.0, r"got \(9, 3\)"),
        (RED, 1.5, "Mesh.opacity: expected 0 to 1, got 1.5"),
    ],
)
def test_a_mesh_that_cannot_be_drawn_is_refused(color: NDArray[np.float64], opacity: float, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        Mesh(cube(0, 3), FACES, color, opacity)
