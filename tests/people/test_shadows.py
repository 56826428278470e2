"""Shadows on snow, and people who are as even or as dark."""

import cv2
import numpy as np
import pytest

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.people.shadows import shadows
from tracker_service.types import Float32, UInt8

SNOW, PLACES = (
    (225, 228, 235),
    {
        "nose": (0, -78),
        "neck": (0, -65),
        "mid_hip": (0, 0),
        "left_shoulder": (16, -60),
        "right_shoulder": (-16, -60),
        "left_elbow": (22, -30),
        "right_elbow": (-22, -30),
        "left_hip": (10, 0),
        "right_hip": (-10, 0),
        "left_knee": (12, 40),
        "right_knee": (-12, 40),
        "left_ankle": (13, 80),
        "right_ankle": (-13, 80),
    },
)
LIMBS = [("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow")] + [
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (("hip", "knee"), ("knee", "ankle"))
]


def joints(x: int, y: int) -> Float32:
    """Joints of somebody who stands with the hips at a place."""
    points = np.full((45, 2), [x, y], np.float32)
    for name, place in PLACES.items():
        points[JOINT_INDEX[name]] += place
    return points


def picture(jacket: tuple[int, ...], trousers: tuple[int, ...], head: tuple[int, ...], height: int = 240) -> UInt8:
    """Somebody on snow, seen from the front; a lower picture ends at the hips."""
    image = np.full((240, 200, 3), SNOW, np.uint8)
    at = {name: (100 + x, 120 + y) for name, (x, y) in PLACES.items()}
    for start, end in LIMBS:
        cv2.line(image, at[start], at[end], trousers if "hip" in start or "knee" in start else jacket, 16)
    cv2.rectangle(image, (80, 55), (120, 125), jacket, -1)
    cv2.circle(image, (100, 40), 14, head, -1)
    noisy = image + np.random.default_rng(0).normal(0, 3, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)[:height]


def is_shadow(image: UInt8) -> bool:
    box = np.array([[70, 24, 130, min(210, len(image))]], np.float32)
    return bool(shadows(image, box, joints(100, 120)[None])[0])


def dimmed(part: float) -> tuple[int, ...]:
    return tuple(round(part * value) for value in SNOW)


@pytest.mark.parametrize("part", [0.45, 0.6, 0.75])
@pytest.mark.parametrize("height", [240, 150])
def test_the_ground_dimmed_in_the_form_of_a_person_is_a_shadow(part: float, height: int) -> None:
    assert is_shadow(picture(dimmed(part), dimmed(part), dimmed(part), height))


def test_somebody_in_clothes_is_none() -> None:
    assert not is_shadow(picture((190, 140, 30), (60, 60, 75), (170, 130, 110)))


def test_somebody_in_grey_from_head_to_foot_is_none_if_the_clothes_are_shaded() -> None:
    assert not is_shadow(picture((140, 140, 145), (125, 125, 130), (170, 130, 110)))


def test_somebody_black_against_the_light_is_none() -> None:
    assert not is_shadow(picture((12, 12, 14), (12, 12, 14), (12, 12, 14)))


def test_nothing_is_said_of_whom_the_picture_hardly_shows() -> None:
    image = picture(dimmed(0.6), dimmed(0.6), dimmed(0.6))
    outside = joints(100, 120) + np.float32(1000)
    assert not shadows(image, np.array([[70, 24, 130, 210]], np.float32), outside[None])[0]


def test_nobody_in_a_frame_gives_no_answer() -> None:
    nobody = np.zeros((0, 4), np.float32), np.zeros((0, 45, 2), np.float32)
    assert shadows(np.zeros((20, 20, 3), np.uint8), *nobody).shape == (0,)
