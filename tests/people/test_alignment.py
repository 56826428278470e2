import numpy as np
import pytest

from tests.people.painted_body import PIXELS_PER_METRE, SIZE, paint, standing
from tracker_service.body.model import BodyModel
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.alignment import Alignment, Hypotheses, choose, fits, hypotheses
from tracker_service.people.boxes import squares
from tracker_service.people.crops import crop
from tracker_service.people.estimates import BodyEstimates
from tracker_service.people.features import build_people
from tracker_service.types import Detections, Float32, Squares, UInt8


def detection(box: Float32, score: float = 0.9) -> Detections:
    return Detections(box, np.array([score], np.float32))


def square_of(found: Detections) -> Squares:
    return squares(found.boxes, margin=1.25, aspect=None)


def seen(body: BodyModel, lean: float, square: Squares, presence: float = 1.0) -> BodyEstimates:
    """A body in the middle of the upright square that covers a picture painted with the same lean."""
    smpl = standing(lean)
    joints = body.joints(smpl)
    scale = 2 * PIXELS_PER_METRE / square.sides
    camera = np.column_stack([scale, np.zeros((1, 2))])
    return BodyEstimates(smpl, camera.astype(np.float32), joints, np.array([presence], np.float32))


def estimate(client: EmbeddedClient, image: UInt8, square: Squares) -> BodyEstimates:
    return BodyEstimates.from_tensors(client.infer("hmr_lite", {"crops": crop(image, square)}, BodyEstimates.TENSORS))


def centred_box(body: BodyModel, lean: float) -> Float32:
    _, box, _ = paint(body, standing(lean))
    half = np.abs(box - np.array([[*SIZE, *SIZE]]) / 2).max(axis=0)
    reach = np.maximum(half[:2], half[2:])
    middle = np.array(SIZE) / 2
    return np.concatenate([middle - reach, middle + reach])[None].astype(np.float32)


@pytest.mark.parametrize("lean", [0.0, np.pi / 2, -np.pi / 2, np.pi])
def test_the_model_finds_people_whichever_way_they_lie(
    client: EmbeddedClient, standin_body: BodyModel, lean: float
) -> None:
    image, box, joints = paint(standin_body, standing(lean))
    found = detection(box)
    square = square_of(found)
    first = estimate(client, image, square)
    turned = hypotheses(found, square, first, SIZE)
    chosen, body, picks = choose(found, (square, first), (turned, estimate(client, image, turned.squares)), SIZE)
    people = build_people(found, chosen, body, SIZE, np.zeros((1, 1), np.float32))

    error = np.linalg.norm(people.joints_2d[0, :25] - joints[:25], axis=1).mean()
    assert error < 0.03 * max(box[0, 2:] - box[0, :2])
    assert (len(turned) == 0) == (lean == 0)
    assert picks.tolist() == ([0] if lean == 0 else [1 + int(np.argmin(np.abs(turned.squares.angles - lean)))])


def test_a_person_who_fits_costs_nothing(standin_body: BodyModel) -> None:
    found = detection(centred_box(standin_body, 0.0))
    square = square_of(found)
    first = seen(standin_body, 0.0, square)
    assert fits(found, square, first, SIZE)[0] > 0.9
    assert len(hypotheses(found, square, first, SIZE)) == 0


@pytest.mark.parametrize(
    ("box", "score", "presence", "angles"),
    [
        # wide box, upright body: try both sides
        ([120, 200, 520, 280], 0.9, 1.0, [np.pi / 2, -np.pi / 2]),
        # also where no person was seen and the score is low: furniture is not that wide
        ([120, 200, 520, 280], 0.4, 0.0, [np.pi / 2, -np.pi / 2]),
        # a box that can only continue a track is not tried again
        ([120, 200, 520, 280], 0.2, 1.0, []),
        # square box
        ([220, 140, 420, 340], 0.9, 0.0, [np.pi / 2, -np.pi / 2, np.pi]),
        # tall box in which no person was seen: upside down if the score is high, furniture if not
        ([280, 40, 360, 440], 0.9, 0.0, [np.pi]),
        ([280, 40, 360, 440], 0.4, 0.0, []),
        # a hidden person: the body reaches below the box
        ([260, 60, 380, 270], 0.9, 1.0, []),
    ],
)
def test_what_is_tried_follows_the_box(
    standin_body: BodyModel, box: list[float], score: float, presence: float, angles: list[float]
) -> None:
    found = detection(np.array([box], np.float32), score)
    square = square_of(found)
    first = seen(standin_body, 0.0, square, presence)
    turned = hypotheses(found, square, first, SIZE)
    np.testing.assert_allclose(turned.squares.angles, angles, rtol=1e-6)
    np.testing.assert_allclose(turned.squares.sides, np.repeat(square.sides, len(angles)))
    assert (turned.people == 0).all()


def test_a_leaning_body_is_tried_along_its_own_axis(standin_body: BodyModel) -> None:
    lean = 0.8
    found = detection(centred_box(standin_body, lean))
    square = square_of(found)
    turned = hypotheses(found, square, seen(standin_body, lean, square), SIZE)
    assert np.abs(turned.squares.angles - lean).min() < 0.1


def test_limits_can_switch_it_off(standin_body: BodyModel) -> None:
    found = detection(np.array([[120, 200, 520, 280]], np.float32))
    square = square_of(found)
    never = Alignment(fit_wide=-1, fit_tall=-1, tilt=4.0)
    assert len(hypotheses(found, square, seen(standin_body, 0.0, square), SIZE, never)) == 0


def test_the_best_crop_of_each_person_is_kept(standin_body: BodyModel) -> None:
    boxes = np.concatenate([centred_box(standin_body, 0.0), centred_box(standin_body, np.pi / 2)])
    found = Detections(boxes, np.array([0.9, 0.8], np.float32))
    square = square_of(found)
    upright = [seen(standin_body, 0.0, square.take(np.array([row]))) for row in (0, 1)]
    quarter = Squares(square.centers[1:], square.sides[1:], np.array([np.pi / 2], np.float32))
    half = Squares(square.centers[:1], square.sides[:1], np.array([np.pi], np.float32))
    both = Squares(*(np.concatenate(parts) for parts in zip(fields_of(half), fields_of(quarter), strict=True)))
    tried = Hypotheses(both, np.array([0, 1]))
    # Either turned crop shows a standing person; half a turn of the first fits its box no better than before.
    others = BodyEstimates.concatenate(upright)
    chosen, _, picks = choose(found, (square, BodyEstimates.concatenate(upright)), (tried, others), SIZE)
    assert picks.tolist() == [0, 3]
    np.testing.assert_allclose(chosen.angles, [0, np.pi / 2])


def fields_of(square: Squares) -> tuple[Float32, Float32, Float32]:
    return square.centers, square.sides, square.angles


def test_nobody_needs_no_alignment() -> None:
    nobody = Detections.empty()
    square = squares(nobody.boxes)
    turned = hypotheses(nobody, square, BodyEstimates.empty(), SIZE)
    chosen, body, picks = choose(nobody, (square, BodyEstimates.empty()), (turned, BodyEstimates.empty()), SIZE)
    assert len(chosen) == len(body) == len(picks) == 0
