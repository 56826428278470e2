"""What is said of a pose follows from what was measured of it."""

from typing import Any

import numpy as np
import pytest

from tests.results.frames import frame_result, tracked_person
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.errors import ContractError
from tracker_service.quality.judge import (
    COVERED_CONFIDENCE,
    OUTSIDE_CONFIDENCE,
    STATED_ERRORS,
    UNEXPLAINED_ERROR,
    QualityJudge,
    judged,
)
from tracker_service.quality.quality_parameters import QualityParameters
from tracker_service.types import Float32, FoundBy, FrameResult, PersonState, PoseQuality, TrackedPerson
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE
from tracker_service.types.quality import QualityReason as Reason
from tracker_service.types.quality import Usability

SIZE = (640, 480)
# Where joints of a standing person are: right and down from the head's top, in body heights.
_PLACES = {"head_top_lsp": (0, 0), "nose": (0, 0.08), "neck": (0, 0.18), "mid_hip": (0, 0.5)} | {
    f"{side}_{name}": (sign * x, y)
    for side, sign in (("left", 1), ("right", -1))
    for name, x, y in (
        ("ear", 0.04, 0.02),
        ("shoulder", 0.1, 0.2),
        ("elbow", 0.13, 0.35),
        ("wrist", 0.14, 0.5),
        ("hip", 0.06, 0.5),
        ("knee", 0.07, 0.74),
        ("ankle", 0.08, 0.95),
        ("big_toe", 0.1, 1.0),
    )
}


def standing(
    track_id: int = 1, *, top: tuple[float, float] = (320, 100), height: float = 300, turn: float = 0, **changes: Any
) -> TrackedPerson:
    """A person in the picture whose box fits; ``turn`` degrees clockwise about the hips."""
    shape = np.zeros((45, 2))
    for index, name in enumerate(JOINT_INDEX):
        shape[index] = _PLACES.get(name, (0, 0.5))
    angle = np.radians(turn)
    about = shape - _PLACES["mid_hip"]
    turned = about @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    pixels = (turned + _PLACES["mid_hip"]) * height + top
    reach = 0.05 * np.ptp(pixels, axis=0).max()
    box = np.concatenate([pixels.min(axis=0) - reach, pixels.max(axis=0) + reach])
    metres = np.concatenate([turned * 1.7, np.zeros((45, 1))], axis=1)
    fields: dict[str, Any] = {
        "joints_2d": pixels.astype(np.float32),
        "joints_3d": metres.astype(np.float32),
        "box": np.clip(box, 0, (*SIZE, *SIZE)).astype(np.float32),
        "camera": np.array([0, 0, FOCAL_OVER_SIZE * max(SIZE) * 1.7 / height], np.float32),
    }
    return tracked_person(track_id, **fields | changes)


def stretched(factor: float) -> Float32:
    """The box of somebody who stands, longer than the body by a factor."""
    left, top, right, bottom = standing().box.tolist()
    return np.array([left, bottom - factor * (bottom - top), right, bottom], np.float32)


def scene(*people: TrackedPerson, number: int = 0) -> FrameResult:
    return frame_result(number, *people, width=SIZE[0], height=SIZE[1])


def quality(person: TrackedPerson, *others: TrackedPerson) -> PoseQuality:
    found = judged(scene(person, *others), (), QualityParameters()).persons[0].quality
    assert found is not None
    return found


def test_a_person_in_plain_sight_is_usable_for_no_reason() -> None:
    found = quality(standing())
    assert (found.usability, found.reasons) == (Usability.USABLE, ())
    assert found.error == STATED_ERRORS[Usability.USABLE]
    np.testing.assert_array_equal(found.joint_confidence, 1)


@pytest.mark.parametrize(
    ("person", "reason", "usability"),
    [
        (standing(found_by=FoundBy.SECOND_LOOK), Reason.UNRECOGNISED, Usability.DOUBTFUL),
        (standing(height=30), Reason.SMALL, Usability.DOUBTFUL),
        (standing(height=12), Reason.SMALL, Usability.UNUSABLE),
        (standing(sharpness=0.05), Reason.BLURRED, Usability.DOUBTFUL),
        (standing(sharpness=0.01), Reason.BLURRED, Usability.UNUSABLE),
        (standing(contrast=2.0), Reason.DARK, Usability.DOUBTFUL),
        (standing(contrast=1.0), Reason.DARK, Usability.UNUSABLE),
        (standing(presence=0.5), Reason.UNRECOGNISED, Usability.DOUBTFUL),
        (standing(presence=0.01), Reason.UNRECOGNISED, Usability.UNUSABLE),
        (standing(box=np.array([280, 100, 420, 360], np.float32)), Reason.MISFIT, Usability.DOUBTFUL),
        (standing(box=np.array([10, 10, 90, 90], np.float32)), Reason.MISFIT, Usability.UNUSABLE),
        (standing(box=stretched(1.1)), Reason.MISFIT, Usability.DOUBTFUL),
        (standing(box=stretched(0.85)), Reason.MISFIT, Usability.DOUBTFUL),
        (standing(top=(320, 270)), Reason.CUT_OFF, Usability.DOUBTFUL),
        (standing(top=(320, 440)), Reason.CUT_OFF, Usability.UNUSABLE),
        (standing(top=(320, 17)), Reason.CUT_OFF, Usability.DOUBTFUL),
        (standing(turn=100), Reason.LEANING, Usability.DOUBTFUL),
        (standing(turn=-170), Reason.INVERTED, Usability.DOUBTFUL),
        (standing(age=2, tracking_confidence=0.9), Reason.PREDICTED, Usability.DOUBTFUL),
        (standing(age=9, tracking_confidence=0.5), Reason.PREDICTED, Usability.UNUSABLE),
        (standing(age=3, tracking_confidence=0.5, state=PersonState.LOST), Reason.LOST, Usability.UNUSABLE),
    ],
)
def test_each_reason_comes_from_its_measure(person: TrackedPerson, reason: Reason, usability: Usability) -> None:
    found = quality(person)
    assert (found.usability, found.reasons) == (usability, (reason,))
    assert (found.error is None) == (usability is Usability.UNUSABLE)


def test_a_body_a_little_longer_than_its_box_is_usable() -> None:
    assert quality(standing(box=stretched(0.93))).usability is Usability.USABLE


def test_more_error_is_stated_of_a_doubtful_pose_that_does_not_explain_the_picture() -> None:
    assert quality(standing(turn=100)).error == STATED_ERRORS[Usability.DOUBTFUL] < UNEXPLAINED_ERROR
    for person in (standing(presence=0.5), standing(box=stretched(1.1))):
        assert quality(person).error == UNEXPLAINED_ERROR


def test_the_gravest_reason_comes_first() -> None:
    assert quality(standing(contrast=2.0, presence=0.01)).reasons == (Reason.UNRECOGNISED, Reason.DARK)


def test_joints_beyond_the_border_are_marked() -> None:
    confidence = quality(standing(top=(320, 270))).joint_confidence
    assert confidence[JOINT_INDEX["left_ankle"]] == np.float32(OUTSIDE_CONFIDENCE)
    assert confidence[JOINT_INDEX["neck"]] == 1


def test_a_nearer_person_hides_joints_and_a_farther_one_does_not() -> None:
    behind, before = standing(1, top=(320, 120), height=250), standing(2, height=330)
    hidden = quality(behind, before)
    assert Reason.HIDDEN in hidden.reasons
    assert hidden.joint_confidence[JOINT_INDEX["mid_hip"]] == np.float32(COVERED_CONFIDENCE)
    assert Reason.HIDDEN not in quality(before, behind).reasons


def test_a_person_who_is_only_predicted_hides_nobody() -> None:
    behind = standing(1, top=(320, 120), height=250)
    before = standing(2, height=330, age=1, tracking_confidence=0.9)
    assert Reason.HIDDEN not in quality(behind, before).reasons


def mirrored(joints: Float32) -> Float32:
    return joints * np.array([-1, 1, 1], np.float32)


def test_a_pose_that_turns_to_its_other_side_in_one_frame_has_jumped() -> None:
    judge = QualityJudge()
    first = standing()
    second = standing(joints_3d=mirrored(first.joints_3d), frame_number=1)
    judge.judge(scene(first))
    (person,) = judge.judge(scene(second, number=1)).persons
    assert person.quality is not None
    assert person.quality.reasons == (Reason.JUMP,)


SHORT_OF_ITS_BOX = {"box": stretched(1.06)}
WEAK = [SHORT_OF_ITS_BOX, {"presence": 0.87}, {"found_by": FoundBy.SECOND_LOOK}]


def after(before: TrackedPerson, weak: dict[str, Any]) -> Usability:
    """What is said of a pose with weak evidence in the frame after another one."""
    judge = QualityJudge()
    judge.judge(scene(before))
    (person,) = judge.judge(scene(standing(frame_number=1, **weak), number=1)).persons
    assert person.quality is not None
    return person.quality.usability


@pytest.mark.parametrize("weak", WEAK, ids=["misfit", "presence", "second look"])
def test_a_pose_that_goes_on_from_the_frame_before_needs_less_evidence(weak: dict[str, Any]) -> None:
    assert quality(standing(**weak)).usability is Usability.DOUBTFUL
    assert after(standing(), weak) is Usability.USABLE


def test_a_frame_before_that_shows_no_body_or_another_pose_proves_nothing() -> None:
    hardly_seen, predicted = standing(presence=0.02), standing(age=1, tracking_confidence=0.9)
    for before in (hardly_seen, predicted, standing(joints_3d=mirrored(standing().joints_3d)), standing(2)):
        assert after(before, SHORT_OF_ITS_BOX) is Usability.DOUBTFUL


def test_a_judge_goes_on_where_another_one_stopped() -> None:
    first = standing()
    second = scene(standing(joints_3d=mirrored(first.joints_3d), frame_number=1), number=1)
    one = QualityJudge()
    one.judge(scene(first))
    (person,) = QualityJudge(QualityParameters(), one.state).judge(second).persons
    assert person.quality is not None
    assert person.quality.reasons == (Reason.JUMP,)


def test_another_pose_after_a_cut_has_not_jumped() -> None:
    judge = QualityJudge()
    first = standing()
    judge.judge(scene(first))
    after = standing(joints_3d=mirrored(first.joints_3d), frame_number=1)
    (person,) = judge.judge(frame_result(1, after, width=SIZE[0], height=SIZE[1], shot=True)).persons
    assert person.quality is not None
    assert person.quality.reasons == ()


def test_a_quality_whose_reasons_contradict_it_is_refused() -> None:
    with pytest.raises(ContractError, match="usable does not go with 1 reasons"):
        PoseQuality(Usability.USABLE, (Reason.SMALL,), 0.1, np.ones(45, np.float32))
