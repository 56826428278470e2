"""The second sample: riders who jump before a camera that turns and rolls, with everything about them known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from samples.jump.panorama import Panorama
from samples.jump.render import FPS, FRAMES, camera_view, render_jump_frame
from samples.jump.rider import Rider, cast_riders
from samples.jump.slope import Slope
from samples.render import BODY_MODEL, JUMP_MOT_NAME, JUMP_NAME, JUMP_TRUTH_NAME, ROOT
from samples.truth import ClipTruth
from tracker_service.body.model import BodyModel
from tracker_service.camera.background import background_of
from tracker_service.camera.follower import CameraFollower
from tracker_service.types import CameraMotion, Float64
from tracker_service.video.source import Position, open_source

SAMPLES = ROOT / "samples"
TRUTH = ClipTruth.load(SAMPLES / JUMP_TRUTH_NAME)
TIMES = np.arange(FRAMES) / FPS
FOLLOWED = 40
COMPARED = 30


@pytest.fixture(scope="module")
def riders() -> list[Rider]:
    return cast_riders(BodyModel.load(BODY_MODEL))


def exact_motion(number: int) -> Float64:
    """How the picture of what is far away moves into frame ``number``."""
    intrinsic = np.array([[TRUTH.focal, 0, TRUTH.width / 2], [0, TRUTH.focal, TRUTH.height / 2], [0, 0, 1]])
    turn = TRUTH.rotations[number] @ TRUTH.rotations[number - 1].T
    return np.asarray(intrinsic @ turn @ np.linalg.inv(intrinsic))


def test_the_clip_is_small() -> None:
    assert (SAMPLES / JUMP_NAME).stat().st_size < 3_000_000


def test_a_frame_is_rendered_again_as_it_was(riders: list[Rider]) -> None:
    # One stage that sees just this frame, instead of the wide ones: a third of the time.
    panorama = Panorama([camera_view(riders, COMPARED / FPS)])
    image, people, view = render_jump_frame(panorama, riders, COMPARED)
    with open_source(SAMPLES / JUMP_NAME, end=Position(frame=COMPARED + 1)) as source:
        *_, committed = source
    # Squares of 8 pixels even out what the codec loses.
    squares = [
        np.asarray(cv2.resize(picture, (120, 68), interpolation=cv2.INTER_AREA), np.int64)
        for picture in (image, committed.image)
    ]
    difference = np.abs(squares[0] - squares[1])
    assert difference.max() < 40
    assert difference.mean() < 2.5
    np.testing.assert_allclose(view.rotation, TRUTH.rotations[COMPARED], atol=1e-6)
    for index, person in enumerate(people):
        np.testing.assert_allclose(person.body_box, TRUTH.boxes[COMPARED, index], atol=0.05)
        np.testing.assert_allclose(person.joints_3d, TRUTH.joints_3d[COMPARED, index], atol=1e-3)


def test_the_camera_of_the_truth_is_the_one_that_is_followed() -> None:
    follower, errors = CameraFollower(), []
    with open_source(SAMPLES / JUMP_NAME, end=Position(frame=FOLLOWED)) as source:
        for frame in source:
            motion = follower.follow(background_of(frame.image, TRUTH.boxes[frame.number]))
            if frame.number:
                corners = np.array([(x, y) for x in (0.0, TRUTH.width) for y in (0.0, TRUTH.height)])
                exact = CameraMotion(exact_motion(frame.number))
                errors.append(np.linalg.norm(motion.apply(corners) - exact.apply(corners), axis=1).max())
    assert np.median(errors) < 1.0
    assert max(errors) < 4.0


def test_the_camera_pans_and_rolls_as_those_of_users_do() -> None:
    shifts, rolls = [], []
    for number in range(1, FRAMES):
        motion = CameraMotion(exact_motion(number))
        middle = np.array([[TRUTH.width / 2, TRUTH.height / 2]])
        shifts.append(float(np.linalg.norm(motion.apply(middle) - middle)) * 640 / TRUTH.width)
        turn = TRUTH.rotations[number] @ TRUTH.rotations[number - 1].T
        rolls.append(abs(float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])))))
    assert 2 < np.median(shifts) < 10
    assert max(rolls) > 0.5


def test_2d_joints_are_projections_of_the_3d_joints() -> None:
    x, y, z = np.moveaxis(TRUTH.joints_3d.astype(np.float64), -1, 0)
    projected = TRUTH.focal * np.stack([x / z, y / z], axis=-1) + [TRUTH.width / 2, TRUTH.height / 2]
    np.testing.assert_allclose(projected, TRUTH.joints_2d, atol=0.02)


def test_the_first_rider_is_seen_most_of_the_time_and_turns_upside_down_in_the_air() -> None:
    assert (TRUTH.visibility[:, 0] > 0.45).all()
    assert (TRUTH.visibility[:, 0] > 0.9).mean() > 0.85
    neck_to_hips = TRUTH.joints_3d[:, 0, 8] - TRUTH.joints_3d[:, 0, 1]
    down = TRUTH.rotations[:, :, 1] * -1
    cosine = np.einsum("tk,tk->t", neck_to_hips, down) / np.linalg.norm(neck_to_hips, axis=1)
    lean = np.degrees(np.arccos(cosine))
    in_the_air = ~TRUTH.contacts[:, 0].any(axis=1)
    assert 20 <= in_the_air.sum() <= 32
    assert lean[in_the_air].max() > 90
    assert lean[:60].max() < 60


def test_riders_fly_as_they_fall(riders: list[Rider]) -> None:
    for rider in riders:
        flight = [time for time in TIMES if not any(rider.contacts(time))]
        heights = np.array([rider.root(time)[1] for time in flight])
        fall, *_ = np.polyfit(flight, heights, 2)
        # What falls evenly is the middle of the body, a hand's breadth from the hips.
        assert 2 * fall == pytest.approx(-9.81, abs=1.0)


def test_boards_lie_on_the_snow_and_slide_but_in_the_air(riders: list[Rider]) -> None:
    ground = Slope.seeded(11)
    for rider in riders:
        gaps = np.array([_gap(ground, rider.placed(time)[0]) for time in TIMES])
        down = np.array([any(rider.contacts(time)) for time in TIMES])
        assert gaps[down].max() < 0.35
        assert gaps[~down].max() > 0.8


def test_nobody_jerks(riders: list[Rider]) -> None:
    for rider in riders:
        fine = np.arange(0.0, FRAMES / FPS, 0.01)
        roots = np.array([rider.root(time) for time in fine])
        steps = np.linalg.norm(np.diff(roots, axis=0), axis=1) * 100
        assert steps.max() < 15


def test_the_view_follows_the_first_rider(riders: list[Rider]) -> None:
    for time in TIMES[::10]:
        x, y = camera_view(riders, float(time)).project(riders[0].root(float(time)))
        assert 0.25 * TRUTH.width < x < 0.75 * TRUTH.width
        assert 0.15 * TRUTH.height < y < 0.85 * TRUTH.height


def test_the_mot_file_says_the_same() -> None:
    assert (Path(SAMPLES) / JUMP_MOT_NAME).read_text(encoding="utf-8") == TRUTH.mot_rows()


def _gap(ground: Slope, middle: Float64) -> float:
    return float(middle[1] - ground.height(middle[0], middle[2]))
