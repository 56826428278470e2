"""The camera is followed by what it sees of the background."""

import cv2
import numpy as np
import pytest

from tracker_service.camera.background import background_of
from tracker_service.camera.follower import CameraFollower
from tracker_service.types import CameraMotion, Float32, Float64, UInt8

SIZE = (640, 360)
NOBODY = np.zeros((0, 4), np.float32)


def landscape(seed: int = 0) -> UInt8:
    """A picture with structure at many scales, larger than a frame."""
    random = np.random.default_rng(seed)
    picture = np.zeros((720, 1280), np.float32)
    for cells in (9, 36, 144):
        grid = random.normal(size=(cells, cells * 2)).astype(np.float32)
        picture += np.asarray(cv2.resize(grid, (1280, 720), interpolation=cv2.INTER_CUBIC), np.float32)
    grey = np.clip(128 + 35 * picture, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


LANDSCAPE = landscape()


def moved(x: float, y: float, *, degrees: float = 0.0, zoom: float = 1.0) -> Float64:
    """A motion about the middle of the frame."""
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, zoom)
    matrix[:2, 2] += (x, y)
    return matrix


def frame(place: Float64, *, noise: int | None = None, picture: UInt8 = LANDSCAPE) -> UInt8:
    """What a camera at ``place`` sees."""
    start = np.array([[1, 0, -320], [0, 1, -180], [0, 0, 1]], np.float64)
    seen = np.asarray(cv2.warpAffine(picture, (place @ start)[:2], SIZE, flags=cv2.INTER_LINEAR), np.float32)
    if noise is not None:
        seen += np.random.default_rng(noise).normal(0, 3, seen.shape).astype(np.float32)
    return np.clip(seen, 0, 255).astype(np.uint8)


def follow(follower: CameraFollower, image: UInt8, boxes: Float32 = NOBODY, *, shot: bool = False) -> CameraMotion:
    return follower.follow(background_of(image, boxes), shot=shot)


def error(motion: CameraMotion, expected: Float64) -> float:
    """How far the motion puts a corner of the frame from where it is, pixels."""
    corners = np.array([(x, y) for x in (0.0, SIZE[0]) for y in (0.0, SIZE[1])])
    exact = CameraMotion(expected)
    return float(np.linalg.norm(motion.apply(corners) - exact.apply(corners), axis=1).max())


@pytest.mark.parametrize(
    "step",
    [moved(7, -3), moved(-12, 5, degrees=2), moved(2, 1, degrees=-4, zoom=1.03), moved(0, 0, degrees=1)],
    ids=["pan", "pan and roll", "roll and zoom", "roll"],
)
def test_pans_rolls_and_zooms_are_measured(step: Float64) -> None:
    follower = CameraFollower()
    first = follow(follower, frame(np.eye(3), noise=1))
    motion = follow(follower, frame(step, noise=2))
    assert not first.known
    assert motion.confidence > 0.8
    assert error(motion, step) < 0.5


def test_a_still_camera_gives_exactly_the_identity_in_spite_of_noise() -> None:
    follower = CameraFollower()
    motions = [follow(follower, frame(np.eye(3), noise=number)) for number in range(8)]
    assert all(motion.still for motion in motions[1:])


def test_a_motion_too_slow_to_be_seen_in_one_frame_adds_up_and_is_not_lost() -> None:
    follower = CameraFollower()
    total, still = np.eye(3), 0
    for number in range(40):
        motion = follow(follower, frame(moved(0.1 * number, 0), noise=number))
        total = motion.matrix @ total
        still += motion.still
    assert still > 20
    assert error(CameraMotion(total), moved(3.9, 0)) < 1.2


def test_a_camera_that_stood_still_is_measured_when_it_sets_off() -> None:
    follower = CameraFollower()
    for number in range(4):
        follow(follower, frame(np.eye(3), noise=number))
    motion = follow(follower, frame(moved(2, -1), noise=5))
    assert not motion.still
    assert error(motion, moved(2, -1)) < 0.5


def test_people_do_not_pass_for_the_background() -> None:
    people = landscape(7)[:200, :280]
    boxes: Float32 = np.array([[160, 80, 440, 280]], np.float32)
    images = []
    for shift in (0, 8):
        image = frame(moved(-3 * (shift > 0), 0))
        image[80:280, 160 + shift : 440 + shift] = people
        images.append(image)
    follower = CameraFollower()
    follow(follower, images[0], boxes)
    assert error(follow(follower, images[1], boxes + np.array([8, 0, 8, 0], np.float32)), moved(-3, 0)) < 0.5


def test_a_new_shot_and_another_size_begin_anew() -> None:
    follower = CameraFollower()
    follow(follower, frame(np.eye(3)))
    assert not follow(follower, frame(moved(3, 0)), shot=True).known
    assert follow(follower, frame(moved(6, 0))).known
    assert not follow(follower, frame(moved(6, 0))[:300]).known


@pytest.mark.parametrize("picture", [landscape(3), np.full((720, 1280, 3), 230, np.uint8)], ids=["cut", "white"])
def test_nothing_is_said_where_the_background_is_not_seen_again(picture: UInt8) -> None:
    follower = CameraFollower()
    follow(follower, frame(np.eye(3)))
    motion = follow(follower, frame(np.eye(3), picture=picture))
    assert motion.confidence < 0.2
    assert not (motion.known and not motion.still and error(motion, np.eye(3)) > 30)


def test_little_background_gives_little_confidence() -> None:
    lone = np.full_like(LANDSCAPE, 230)
    lone[260:300, 420:480] = LANDSCAPE[260:300, 420:480]
    trusted = []
    for picture in (LANDSCAPE, lone):
        follower = CameraFollower()
        follow(follower, frame(np.eye(3), picture=picture))
        trusted.append(follow(follower, frame(moved(5, 0), picture=picture)).confidence)
    assert trusted[1] < 0.5 * trusted[0]


def test_one_with_the_state_of_another_goes_on_identically() -> None:
    places = [moved(0.2 * number, 0) if number < 4 else moved(5.0 * number, number) for number in range(9)]
    images = [frame(place, noise=number) for number, place in enumerate(places)]
    whole = CameraFollower()
    expected = [follow(whole, image) for image in images]
    for cut in range(1, len(images)):
        first = CameraFollower()
        for image in images[:cut]:
            follow(first, image)
        second = CameraFollower(first.state)
        for image, motion in zip(images[cut:], expected[cut:], strict=True):
            again = follow(second, image)
            np.testing.assert_array_equal(again.matrix, motion.matrix)
            assert again.confidence == motion.confidence
