import numpy as np
import pytest

from tests.people.painted_body import PIXELS_PER_METRE, SIZE, paint, standing
from tracker_service.body.model import BodyModel
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.alignment import ROUNDS, Alignment, Hypotheses, Turns
from tracker_service.people.body_fit import fits
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


@pytest.mark.parametrize("lean", [0.0, np.pi / 3, np.pi / 2, -np.pi / 2, np.pi])
def test_the_model_finds_people_whichever_way_they_lie(
    client: EmbeddedClient, standin_body: BodyModel, lean: float
) -> None:
    image, box, joints = paint(standin_body, standing(lean))
    found = detection(box)
    square = square_of(found)
    turns = Turns(found, square, estimate(client, image, square), SIZE)
    for wanted in ROUNDS:
        tried = wanted(turns)
        # One crop after the other, as other tests of this model do: it takes any number.
        seen = [estimate(client, image, tried.squares.take(np.array([row]))) for row in range(len(tried))]
        turns.add(tried, BodyEstimates.concatenate(seen))
    rows = turns.choose().best
    chosen = turns.squares.take(rows)
    people = build_people(found, chosen, turns.estimates.take(rows), SIZE, np.zeros((1, 1), np.float32))

    error = np.linalg.norm(people.joints_2d[0, :25] - joints[:25], axis=1).mean()
    # Sides may be exchanged, which a picture without a face hardly tells; the wrong way up is off by more than .18.
    assert error < 0.12 * max(box[0, 2:] - box[0, :2])
    assert (len(turns.squares) == 1) == (lean == 0)
    assert np.cos(chosen.angles[0] - lean) > np.cos(np.pi / 6)


def tried_at(found: Detections, first: BodyEstimates, limits: Alignment | None = None) -> Hypotheses:
    """What is tried after an upright pass that is all that is ever seen."""
    turns = Turns(found, square_of(found), first, SIZE, limits)
    parts = []
    for wanted in (ROUNDS[0], ROUNDS[2]):
        tried = wanted(turns)
        turns.add(tried, first.take(tried.people))
        parts.append(tried)
    squares = Squares(
        *(np.concatenate(part) for part in zip(*(fields_of(part.squares) for part in parts), strict=True))
    )
    return Hypotheses(squares, np.concatenate([part.people for part in parts]))


def test_a_person_who_fits_costs_nothing(standin_body: BodyModel) -> None:
    found = detection(centred_box(standin_body, 0.0))
    square = square_of(found)
    first = seen(standin_body, 0.0, square)
    assert fits(found, square, first, SIZE)[0] > 0.9
    assert len(tried_at(found, first)) == 0


SIDES = [90, -90]
ALL_ROUND = [45, -45, 90, -90, 135, -135, 180]


@pytest.mark.parametrize(
    ("box", "score", "presence", "degrees"),
    [
        # wide box, upright body: try both sides
        ([120, 200, 520, 280], 0.9, 1.0, SIDES),
        # also where no person was seen and the score is low: furniture is not that wide
        ([120, 200, 520, 280], 0.4, 0.0, SIDES),
        # a box that can only continue a track is not tried again
        ([120, 200, 520, 280], 0.2, 1.0, []),
        # square box: an oblique person, or one who lies or stands on the head with limbs spread
        ([220, 140, 420, 340], 0.9, 0.0, ALL_ROUND),
        # tall box in which no person was seen: upside down if the score is high, furniture if not
        ([280, 40, 360, 440], 0.9, 0.0, [180]),
        ([280, 40, 360, 440], 0.4, 0.0, []),
        # a hidden person: the body reaches below the box
        ([260, 60, 380, 270], 0.9, 1.0, []),
    ],
)
def test_what_is_tried_follows_the_box(
    standin_body: BodyModel, box: list[float], score: float, presence: float, degrees: list[float]
) -> None:
    found = detection(np.array([box], np.float32), score)
    square = square_of(found)
    tried = tried_at(found, seen(standin_body, 0.0, square, presence))
    np.testing.assert_allclose(np.degrees(tried.squares.angles), degrees, rtol=1e-5)
    np.testing.assert_allclose(tried.squares.sides, np.repeat(Alignment().room * square.sides, len(degrees)))
    assert (tried.people == 0).all()


def test_a_leaning_body_is_tried_along_its_own_axis_first(standin_body: BodyModel) -> None:
    lean = 0.8
    found = detection(centred_box(standin_body, lean))
    square = square_of(found)
    turns = Turns(found, square, seen(standin_body, lean, square), SIZE, Alignment(further=1.0, enough=1.0))
    tried = turns.along_lean()
    np.testing.assert_allclose(tried.squares.angles, [lean], atol=0.1)
    # In the turned crop it stands upright, so that nothing else is tried.
    turns.add(tried, seen(standin_body, 0.0, tried.squares))
    assert len(turns.along_lean()) == 0
    assert len(turns.all_round()) == 0
    assert turns.choose().best.tolist() == [1]


def test_a_crop_is_turned_somewhat_further_than_the_body_is_seen_to_lean(standin_body: BodyModel) -> None:
    lean = 0.8
    found = detection(centred_box(standin_body, lean))
    tried = Turns(found, square_of(found), seen(standin_body, lean, square_of(found)), SIZE).along_lean()
    assert lean < tried.squares.angles[0] < Alignment().further * lean


def test_limits_can_switch_it_off(standin_body: BodyModel) -> None:
    found = detection(np.array([[120, 200, 520, 280]], np.float32))
    square = square_of(found)
    never = Alignment(fit_wide=-1, fit_tall=-1, lean=4.0)
    assert len(tried_at(found, seen(standin_body, 0.0, square), never)) == 0


def turned(square: Squares, row: int, angle: float) -> Squares:
    return Squares(square.centers[[row]], square.sides[[row]], np.array([angle], np.float32))


def test_the_best_crop_of_each_person_is_kept_and_another_one_only_where_it_is_close(standin_body: BodyModel) -> None:
    boxes = np.concatenate([centred_box(standin_body, 0.0), centred_box(standin_body, np.pi / 2)])
    found = Detections(boxes, np.array([0.9, 0.8], np.float32))
    square = square_of(found)
    upright = BodyEstimates.concatenate([seen(standin_body, 0.0, square.take(np.array([row]))) for row in (0, 1)])
    turns = Turns(found, square, upright, SIZE)
    # Either turned crop shows a standing person; half a turn of the first fits its box as well as none.
    for row, angle in ((0, np.pi), (1, np.pi / 2)):
        turns.add(Hypotheses(turned(square, row, angle), np.array([row])), upright.take(np.array([row])))
    choice = turns.choose()
    assert choice.best.tolist() == [0, 3]
    assert choice.other.tolist() == [2, 3]
    np.testing.assert_allclose(choice.lead, [Alignment().keep, np.inf], atol=0.02)


def fields_of(square: Squares) -> tuple[Float32, Float32, Float32]:
    return square.centers, square.sides, square.angles


def test_nobody_needs_no_alignment() -> None:
    nobody = Detections.empty()
    turns = Turns(nobody, squares(nobody.boxes), BodyEstimates.empty(), SIZE)
    for wanted in ROUNDS:
        assert len(wanted(turns)) == 0
    assert len(turns.choose().best) == 0
