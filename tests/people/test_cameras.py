from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.people.golden import golden
from tests.people.painted_body import about, standing
from tracker_service.body.model import BodyModel
from tracker_service.people.cameras import (
    crop_cameras,
    focal_length,
    frame_cameras,
    project_to_crop,
    project_to_frame,
    upright,
)
from tracker_service.people.crops import crop_to_source
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import Float64, Smpl, Squares

FRAME = (1920, 1080)


def one_square(x: float, y: float, side: float, angle: float = 0.0) -> Squares:
    return Squares(np.array([[x, y]]), np.array([side]), np.array([angle]))


def in_source(points: NDArray[Any], cameras: NDArray[Any], square: Squares) -> Float64:
    """Where the crop shows (n, j, 3) points, in source pixels."""
    to_source = crop_to_source(square)
    pixels = project_to_crop(points, cameras).astype(np.float64)
    return np.asarray(pixels @ to_source[:, :, :2].swapaxes(1, 2) + to_source[:, None, :, 2], np.float64)


def test_cameras_are_placed_as_the_reference_does() -> None:
    table = golden("tables")
    for row in range(len(table["camera_crop"])):
        one = slice(row, row + 1)
        square = Squares(table["camera_box_center"][one], table["camera_box_size"][one], np.zeros(1, np.float32))
        width, height = table["camera_image_wh"][row].astype(int).tolist()
        assert focal_length((width, height)) == pytest.approx(float(table["camera_focal"][row]))
        placed = frame_cameras(table["camera_crop"][one], square, (width, height))
        np.testing.assert_allclose(placed, table["camera_full"][one], rtol=1e-5)


def test_the_documented_example_comes_out() -> None:
    camera = frame_cameras(np.array([[0.9, 0.05, -0.1]]), one_square(1200, 500, 600), FRAME)
    np.testing.assert_allclose(camera, [[0.938889, -0.248148, 138.888889]], rtol=1e-5)


def test_points_project_into_the_crop_as_the_reference_does() -> None:
    table = golden("geometry")
    pixels = project_to_crop(table["projection_points"], table["projection_cam"])
    np.testing.assert_allclose(pixels / 256 - 0.5, table["projection_uv"], rtol=0, atol=1e-5)


SCALE, SHIFT = st.floats(0.3, 2.0), st.floats(-0.5, 0.5)
PLACE, SIDE = st.floats(0, 1920), st.floats(20, 2000)


@given(SCALE, SHIFT, SHIFT, PLACE, PLACE, SIDE)
def test_a_camera_comes_back_from_the_frame(s: float, tx: float, ty: float, x: float, y: float, side: float) -> None:
    camera, square = np.array([[s, tx, ty]]), one_square(x, y, side)
    back = crop_cameras(frame_cameras(camera, square, FRAME), square, FRAME)
    # The way leads over the distance to the middle of the frame, in metres; float32 rounds it.
    np.testing.assert_allclose(back, camera, rtol=1e-5, atol=1e-6 + 2e-7 * 2 * 1920 / (side * s))


@given(SCALE, SHIFT, SHIFT, PLACE, PLACE, SIDE)
def test_crop_and_frame_show_a_point_at_the_same_place(
    s: float, tx: float, ty: float, x: float, y: float, side: float
) -> None:
    camera, square = np.array([[s, tx, ty]]), one_square(x, y, side)
    points = np.array([[[0.0, 0.0, 0.0], [0.3, -0.8, 0.0], [-0.4, 0.9, 0.0]]])
    shown = project_to_frame(points, frame_cameras(camera, square, FRAME), FRAME)
    np.testing.assert_allclose(shown, in_source(points, camera, square), rtol=0, atol=0.01)


def turned_twin(
    body: BodyModel, smpl: Smpl, camera: NDArray[Any], square: Squares
) -> tuple[Smpl, NDArray[np.float64], float]:
    """What a perfect model sees in the turned crop, from the picture alone.

    The crop shows the scene turned by minus its angle. The body is posed by the body model, and its camera is the
    translation that puts it where the turned scene is.

    Returns:
        The body, its (1, 3) crop camera, and how far (metres) joints and turned scene are apart at worst.
    """
    turn = about(2, -float(square.angles[0]))
    twin = Smpl((turn @ smpl.global_orient).astype(np.float32), smpl.body_pose, smpl.betas)
    depth = 2 * 5000 / (256 * camera[0, 0])
    scene = (body.joints(smpl)[0] + [*camera[0, 1:], depth]) @ turn.T
    offsets = scene - body.joints(twin)[0]
    shift = offsets.mean(axis=0)
    return twin, np.array([[camera[0, 0], shift[0], shift[1]]]), float(np.abs(offsets - shift).max())


@pytest.mark.parametrize("angle", [np.pi / 2, -np.pi / 2, np.pi, 0.4, -2.5])
@pytest.mark.parametrize("lean", [0.0, 1.3])
def test_a_body_seen_in_a_turned_crop_is_put_back_upright(standin_body: BodyModel, angle: float, lean: float) -> None:
    body, camera = standin_body, np.array([[0.85, 0.05, -0.1]])
    smpl = Smpl(standing(lean).global_orient, standing().body_pose, np.full((1, 10), 0.7, np.float32))
    level, tilted = one_square(700, 400, 500), one_square(700, 400, 500, angle)
    twin, twin_camera, mismatch = turned_twin(body, smpl, camera, tilted)
    assert mismatch < 1e-5
    seen = BodyEstimates(twin, twin_camera.astype(np.float32), body.joints(twin), np.ones(1, np.float32))

    put_back, square = upright(seen, tilted)

    expected = in_source(body.joints(smpl), camera, level)
    assert square.angles.tolist() == [0.0]
    np.testing.assert_allclose(in_source(put_back.joints_3d, put_back.crop_cameras, square), expected, atol=1e-3)
    np.testing.assert_allclose(in_source(seen.joints_3d, seen.crop_cameras, tilted), expected, atol=1e-3)
    np.testing.assert_allclose(put_back.joints_3d, body.joints(put_back.smpl), rtol=0, atol=1e-5)
    np.testing.assert_allclose(put_back.smpl.global_orient, smpl.global_orient, rtol=0, atol=1e-6)
    np.testing.assert_allclose(put_back.crop_cameras, camera, rtol=0, atol=1e-5)


def test_upright_crops_are_left_alone(standin_body: BodyModel) -> None:
    smpl = standing()
    seen = BodyEstimates(smpl, np.array([[0.9, 0, 0]], np.float32), standin_body.joints(smpl), np.ones(1, np.float32))
    square = one_square(10, 20, 30)
    assert upright(seen, square) == (seen, square)
