"""Bodies that the border of the picture cuts off: painted whole, then cut, so that what is hidden is known."""

from dataclasses import replace

import numpy as np
import pytest

from tests.people.painted_body import SIZE, paint, standing
from tests.people.test_alignment import detection, estimate, square_of
from tracker_service.body.joints import BODY_25_NAMES, BODY_25_SIZE
from tracker_service.body.model import BodyModel
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.cut_off import choose_whole, whole_boxes
from tracker_service.people.features import build_people
from tracker_service.types import Float32, People, UInt8


def filmed(body: BodyModel, share: float) -> tuple[UInt8, Float32, Float32]:
    """A picture that ends below this share of a standing body, the box of what is seen, and all joints."""
    image, box, joints = paint(body, standing())
    end = round(float(box[0, 1] + share * (box[0, 3] - box[0, 1])))
    cut = np.ascontiguousarray(image[:end])
    seen = np.minimum(box, np.array([SIZE[0], end, SIZE[0], end], np.float32))
    return cut, seen, joints


def posed(client: EmbeddedClient, image: UInt8, box: Float32) -> tuple[People, int, Float32]:
    """The body that the pipeline chooses, how many larger crops it tried, and the joints of the box alone."""
    size = image.shape[1], image.shape[0]
    found = detection(box)
    square = square_of(found)
    first = estimate(client, image, square)
    tried = whole_boxes(found, square, first, size)
    no_appearance = np.zeros((1, 1), np.float32)
    alone = build_people(found, square, first, size, no_appearance)
    if not len(tried):
        return alone, 0, alone.joints_2d[0]
    # One crop after the other, as other tests of this model do: it takes any number.
    others = [estimate(client, image, tried.squares.take(np.array([row]))) for row in range(len(tried))]
    squares, chosen, _ = choose_whole(found, (square, first), (tried, type(first).concatenate(others)), size)
    return build_people(found, squares, chosen, size, no_appearance), len(tried), alone.joints_2d[0]


def height(joints: Float32) -> float:
    return float(np.ptp(joints[:BODY_25_SIZE, 1]))


@pytest.mark.parametrize("share", [0.4, 0.5])
def test_a_body_cut_off_below_keeps_its_size_and_has_its_legs_outside_the_picture(
    client: EmbeddedClient, standin_body: BodyModel, share: float
) -> None:
    image, box, joints = filmed(standin_body, share)
    people, tried, alone = posed(client, image, box)
    found = people.joints_2d[0]
    seen = joints[:BODY_25_SIZE, 1] < image.shape[0]

    def error(of: Float32) -> float:
        return float(np.linalg.norm(of[:BODY_25_SIZE] - joints[:BODY_25_SIZE], axis=1)[seen].mean()) / height(joints)

    assert tried > 0
    assert 0.75 < height(found) / height(joints) < 1.25
    assert abs(height(found) - height(joints)) < abs(height(alone) - height(joints))
    assert error(found) < min(0.06, error(alone))
    ankles = [BODY_25_NAMES.index(name) for name in ("left_ankle", "right_ankle")]
    assert (found[ankles, 1] > image.shape[0]).all()


def test_a_whole_body_away_from_the_border_costs_nothing(client: EmbeddedClient, standin_body: BodyModel) -> None:
    image, box, _ = paint(standin_body, standing())
    _, tried, _ = posed(client, image, box)
    assert tried == 0


def test_a_whole_body_whose_feet_end_at_the_border_stays_as_it_is(
    client: EmbeddedClient, standin_body: BodyModel
) -> None:
    image, box, joints = filmed(standin_body, 1.0)
    people, _, _ = posed(client, image, box)
    assert height(people.joints_2d[0]) == pytest.approx(height(joints), rel=0.06)


def test_a_box_that_ends_at_both_borders_is_tried_both_ways(client: EmbeddedClient, standin_body: BodyModel) -> None:
    image, box, _ = filmed(standin_body, 0.5)
    top = round(float(box[0, 1])) + 20
    cut = np.ascontiguousarray(image[top:])
    found = detection(np.clip(box - np.array([0, top, 0, top], np.float32), 0, None))
    square = square_of(found)
    first = replace(estimate(client, cut, square), presence=np.zeros(1, np.float32))
    tried = whole_boxes(found, square, first, (cut.shape[1], cut.shape[0]))
    above = tried.boxes[:, 1] < -1
    below = tried.boxes[:, 3] > cut.shape[0] + 1
    assert above.any()
    assert below.any()
    assert not (above & below).any()
