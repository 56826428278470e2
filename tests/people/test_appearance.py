import numpy as np
import pytest

from tests.people.painted_body import paint, standing
from tracker_service.body.model import BodyModel
from tracker_service.people.appearance import APPEARANCE_SIZE, describe
from tracker_service.people.boxes import squares
from tracker_service.people.crops import crop, crop_to_source
from tracker_service.types import Float32, UInt8

SHIRT = (60, 80, 170)


@pytest.fixture(scope="module")
def person(standin_body: BodyModel) -> tuple[UInt8, Float32]:
    """One crop and the joints in it."""
    image, box, joints = paint(standin_body, standing())
    square = squares(box, margin=1.25, aspect=None)
    to_source = crop_to_source(square)[0]
    in_crop = np.linalg.solve(to_source[:, :2], (joints - to_source[:, 2]).T).T
    return crop(image, square), in_crop[None].astype(np.float32)


def distance(first: UInt8, second: UInt8, joints: Float32) -> float:
    """Squared distance of the descriptors of two crops."""
    a, b = describe(np.concatenate([first, second]), np.repeat(joints, 2, axis=0))
    return float(((a - b) ** 2).sum())


def dressed(crops: UInt8, channel_order: tuple[int, int, int]) -> UInt8:
    """Give whatever is blue (the shirt) the colour with permuted channels."""
    blue = crops[..., 2].astype(int) > crops[..., 0].astype(int) + 30
    return np.where(blue[..., None], crops[..., list(channel_order)], crops)


def before_another_wall(crops: UInt8) -> UInt8:
    """Replace the upper background."""
    wall = np.abs(crops.astype(int) - (150, 170, 150)).max(axis=-1) < 4
    return np.where(wall[..., None], np.array((200, 120, 60), np.uint8), crops)


def test_descriptors_are_not_negative_and_of_length_one(person: tuple[UInt8, Float32]) -> None:
    descriptors = describe(*person)
    assert descriptors.shape == (1, APPEARANCE_SIZE)
    assert descriptors.dtype == np.float32
    assert (descriptors >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(descriptors, axis=1), 1, rtol=1e-5)


def test_nobody_has_no_descriptor() -> None:
    nobody = describe(np.zeros((0, 256, 256, 3), np.uint8), np.zeros((0, 44, 2), np.float32))
    assert nobody.shape == (0, APPEARANCE_SIZE)


def test_another_shirt_is_far_and_another_wall_or_light_is_near(person: tuple[UInt8, Float32]) -> None:
    crops, joints = person
    other_shirt = distance(crops, dressed(crops, (2, 1, 0)), joints)
    other_wall = distance(crops, before_another_wall(crops), joints)
    darker = distance(crops, (crops * 0.85).astype(np.uint8), joints)
    assert other_shirt > 0.2
    assert other_wall < other_shirt / 3
    assert darker < other_shirt / 3


def test_distances_stay_between_zero_and_two(person: tuple[UInt8, Float32]) -> None:
    crops, joints = person
    assert distance(crops, crops, joints) == pytest.approx(0, abs=1e-6)
    assert distance(np.full_like(crops, 255), np.full_like(crops, 0), joints) <= 2


def test_colours_stay_with_their_part_of_the_body(person: tuple[UInt8, Float32]) -> None:
    crops, joints = person
    upside_down = np.ascontiguousarray(crops[:, ::-1])
    assert distance(crops, upside_down, joints) > 0.3


def test_a_person_is_described_alike_alone_and_among_others(person: tuple[UInt8, Float32]) -> None:
    crops, joints = person
    others = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3)).astype(np.uint8)
    among = describe(np.concatenate([others, crops]), np.repeat(joints, 3, axis=0))
    np.testing.assert_allclose(among[2], describe(crops, joints)[0], atol=1e-6)


@pytest.mark.parametrize("place", [-5000.0, 0.0, 128.0, 5000.0])
def test_a_skeleton_that_is_a_point_or_outside_is_still_described(person: tuple[UInt8, Float32], place: float) -> None:
    crops, joints = person
    descriptors = describe(crops, np.full_like(joints, place))
    assert np.isfinite(descriptors).all()
    np.testing.assert_allclose(np.linalg.norm(descriptors, axis=1), 1, rtol=1e-5)


def test_the_black_beyond_the_frame_is_no_colour_of_the_clothes(person: tuple[UInt8, Float32]) -> None:
    crops, joints = person
    knees = int(joints[0, [10, 13], 1].mean())
    cut = crops.copy()
    cut[:, knees:] = 0
    black_shoes = crops.copy()
    black_shoes[:, knees:, 60:196] = 0
    shins = slice(3 * APPEARANCE_SIZE // 5, 4 * APPEARANCE_SIZE // 5)
    in_black, unseen = describe(black_shoes, joints)[0, shins], describe(cut, joints)[0, shins]
    lightness = slice(0, 8)
    assert in_black[0] == in_black[lightness].max()
    assert unseen[0] < in_black[0] / 1.5
