"""One video: in-order and late frames, without any waiting."""

import gc
import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.phalp.people import FRAME_SIZE, Person, people
from tests.sessions.synthetic_sessions import TRACKING, ids, observation, states, walker, walkers
from tracker_service.body.model import BodyModel
from tracker_service.camera.world.world_follower import WorldFollower
from tracker_service.phalp.state.snapshot import without_prefix
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.state_arrays import snapshot_of
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.video_tracker import VideoName, VideoTracker
from tracker_service.types import CameraMotion, Smpl
from tracker_service.types.calibration import FocalLength, FocalSource


class Video:
    """A video tracker and the answers it has given."""

    def __init__(self, tracking: TrackerParameters = TRACKING, body: BodyModel | None = None) -> None:
        self.video = VideoTracker(VideoName("client", 1), Tracker(tracking, body=body), body, history=300)

    def answer(self, number: int, *persons: Person) -> FrameAnswer:
        answer = self.video.answer(observation(number, *persons))
        self.video.record(answer, b"")
        return answer

    def answers(self, frames: Iterable[tuple[int, Sequence[Person]]]) -> dict[int, FrameAnswer]:
        return {number: self.answer(number, *persons) for number, persons in frames}


@pytest.fixture
def video() -> Video:
    return Video()


def test_an_answer_names_its_frame_session_and_video(video: Video) -> None:
    answer = video.answer(0, *walker(0))
    assert (answer.session, answer.video) == ("client", 1)
    assert (answer.result.frame_number, answer.result.width, answer.result.height) == (0, *FRAME_SIZE)
    assert (answer.detected, answer.late, answer.expected) == (1, False, True)
    assert answer.main is answer.result.persons[0]


def test_in_order_frames_are_answered_by_the_tracker(video: Video) -> None:
    answers = video.answers((number, walkers(number) if number not in (3, 4) else []) for number in range(8))
    assert [states(answers[number]) for number in range(8)] == [
        {1: "p", 2: "p"} if number in (3, 4) else {1: "s", 2: "s"} for number in range(8)
    ]


def test_the_focal_length_that_a_model_sees_settles_and_is_kept_with_the_video(video: Video) -> None:
    def seen(number: int, degrees: float) -> FrameObservation:
        camera = FocalLength(FocalSource.ESTIMATED, field_of_view=degrees).in_frame(FRAME_SIZE)
        plain = observation(number, *walker(number))
        return replace(plain, result=replace(plain.result, calibration=camera))

    for number in range(8):
        assert video.video.focal is None
        answer = video.video.answer(seen(number, 40.0 + number))
        video.video.record(answer, b"")
    assert answer.result.calibration == FocalLength(FocalSource.ESTIMATED, field_of_view=43.5).in_frame(FRAME_SIZE)
    later = Video()
    later.video.restore(video.video.arrays())
    assert later.video.focal == video.video.focal == FocalLength(FocalSource.ESTIMATED, field_of_view=43.5)
    earlier = {name: values for name, values in video.video.arrays().items() if name != "fields_of_view"}
    later.video.restore(earlier)
    assert later.video.focal is None  # of files that were saved before there was any


def placing_video() -> VideoTracker:
    return VideoTracker(VideoName("client", 1), Tracker(TRACKING), None, history=20, world=WorldFollower(1.0))


def placed(video: VideoTracker, number: int) -> FrameAnswer:
    """The answer to a frame of a walker whom a still camera films at 30 frames a second."""
    plain = observation(number, *walker(number))
    still = replace(plain.result, timestamp=number / 30, camera_motion=CameraMotion.none())
    answer = video.answer(replace(plain, result=still))
    video.record(answer, b"")
    return answer


def test_people_are_placed_in_the_world_also_after_a_restart() -> None:
    video, restarted = placing_video(), placing_video()
    for number in range(4):
        placed(video, number)
    arrays = video.arrays()
    states = {room: without_prefix(room, arrays) for room in ("state", "world")}
    tracker = Tracker.restore(snapshot_of(Path(), states["state"]), TRACKING)
    world = WorldFollower(1.0, state=states["world"])
    restarted = VideoTracker(VideoName("client", 1), tracker, None, history=20, world=world)
    restarted.restore(arrays)
    ways = [[placed(one, number).result.persons[0].world for number in (4, 5)] for one in (video, restarted)]
    for here, there in zip(*ways, strict=True):
        assert here is not None
        assert there is not None
        np.testing.assert_array_equal(here.position, there.position)
        np.testing.assert_array_equal(here.velocity, there.velocity)
    assert here.velocity[0] > 0.05


def test_nobody_is_placed_in_a_late_frame() -> None:
    video = placing_video()
    answers = [placed(video, number) for number in (0, 2, 1)]
    assert [answer.late for answer in answers] == [False, False, True]
    assert [answer.result.persons[0].world is None for answer in answers] == [False, False, True]


def test_nothing_is_expected_before_the_first_sighting(video: Video) -> None:
    answers = video.answers([(0, []), (1, []), (2, walker(2)), (3, [])])
    assert [(answer.expected, answer.main is not None) for answer in answers.values()] == [
        (False, False),
        (False, False),
        (True, True),
        (True, True),
    ]


def test_after_the_longest_age_a_pose_is_expected_but_there_is_none() -> None:
    video = Video(TrackerParameters(live=True, max_age_track=5))
    answers = video.answers([(0, walker(0)), *((number, []) for number in range(1, 8))])
    assert [answer.main is not None for answer in answers.values()] == [True] * 6 + [False] * 2
    assert answers[7].expected


def test_answers_carry_no_appearance(video: Video) -> None:
    answers = video.answers([(0, walker(0)), (5, []), (2, walker(2)), (3, [])])
    assert {person.appearance.shape for answer in answers.values() for person in answer.result.persons} == {(0,)}


def test_a_late_frame_keeps_the_ids_of_its_neighbours(video: Video) -> None:
    answers = video.answers((number, walkers(number)) for number in (0, 1, 2, 6, 7, 4))
    late = answers[4]
    assert (late.late, states(late)) == (True, {1: "s", 2: "s"})
    np.testing.assert_array_equal(late.result.persons[0].box, people(*walkers(4)).detections.boxes[0])
    assert [person.tracking_confidence for person in late.result.persons] == [1, 1]


def test_a_late_frame_does_not_change_the_tracker() -> None:
    with_late, without = Video(), Video()
    frames = [(number, walkers(number)) for number in (0, 1, 2, 3, 4, 5, 9)]
    with_late.answers(frames)
    without.answers(frames)
    with_late.answer(7, *walkers(7))
    with_late.answer(6)
    for number in (10, 11):
        expected, got = without.answer(number), with_late.answer(number)
        assert states(got) == states(expected) == {1: "p", 2: "p"}
        np.testing.assert_array_equal(got.result.persons[0].pose, expected.result.persons[0].pose)


def test_a_person_whom_only_late_frames_have_seen_is_predicted_in_the_following_frames(video: Video) -> None:
    answers = video.answers([(5, []), (3, walkers(3)), (6, []), (7, []), (4, walkers(4)), (8, []), (9, walkers(9))])
    assert [states(answers[number]) for number in range(3, 10)] == [
        {1: "s", 2: "s"},
        {1: "s", 2: "s"},
        {},
        *[{1: "p", 2: "p"}] * 3,
        {1: "s", 2: "s"},
    ]
    assert [answers[number].expected for number in range(3, 10)] == [True, True, False, *[True] * 4]
    assert answers[7].result.persons[0].age == 4
    assert answers[8].result.persons[0].age == 4
    assert ids(video.answer(10)) == [1, 2]


def test_a_person_whom_only_late_frames_have_seen_is_forgotten_as_soon_as_a_track() -> None:
    video = Video(TrackerParameters(live=True, max_age_track=5))
    answers = video.answers([(5, []), (3, walker(3)), (8, []), (9, []), (10, walker(10))])
    assert [ids(answer) for answer in answers.values()] == [[], [1], [1], [], [2]]


def test_a_late_frame_without_detection_lies_between_its_neighbours(video: Video) -> None:
    def turning(number: int) -> list[Person]:
        return [Person(x=300 + 6 * number, turn=0.04 * number)]

    answers = video.answers((number, turning(number)) for number in (*range(8), 11, 12))
    late = video.answer(9)
    (person,) = late.result.persons
    assert (late.late, late.detected, states(late)) == (True, 0, {1: "p"})
    assert person.age == 2
    assert person.tracking_confidence == pytest.approx(0.95**2)
    expected = people(*turning(9))
    np.testing.assert_allclose(person.joints_2d, expected.joints_2d[0], atol=1)
    np.testing.assert_allclose(person.pose[:9], expected.pose[0, :9], atol=1e-3)
    np.testing.assert_allclose(person.camera, expected.cameras[0], atol=1e-2)
    assert answers[12].main is not None


@pytest.mark.parametrize("numbers", [(60, 59, 58, 57, 56, 55, 54), (20, 10, 11, 12, 13, 14, 15)])
def test_a_late_frame_with_neighbours_on_one_side_follows_their_motion(video: Video, numbers: tuple[int, ...]) -> None:
    def walking(number: int) -> list[Person]:
        return [Person(x=300 + 6 * number)]

    video.answers((number, walking(number)) for number in numbers)
    target = numbers[-1] - 2 if numbers[0] == 60 else 17
    (person,) = video.answer(target).result.persons
    assert (person.track_id, person.state.value) == (1, "predicted")
    assert person.tracking_confidence < 1
    assert person.joints_2d[-1, 0] == pytest.approx(300 + 6 * target, abs=4)


def test_a_video_sent_backwards_keeps_its_ids_through_missed_detections(video: Video) -> None:
    missed = {30, 29, 28, 20, *range(5, 15)}
    answers = video.answers((number, [] if number in missed else walkers(number)) for number in range(40, -1, -1))
    assert [ids(answers[number]) for number in range(41)] == [[1, 2]] * 41
    assert {number for number in answers if set(states(answers[number]).values()) == {"p"}} == missed
    mains = {answer.main.track_id for answer in answers.values() if answer.main is not None}
    assert len(mains) == 1


def test_a_backwards_prediction_ages_like_a_forward_one() -> None:
    video = Video(TrackerParameters(live=True, max_age_track=6))
    answers = video.answers((number, walker(number) if number > 20 else []) for number in range(30, 10, -1))
    ages = {number: answers[number].result.persons[0].age for number in range(15, 21)}
    assert ages == {20: 1, 19: 2, 18: 3, 17: 4, 16: 5, 15: 6}
    assert [ids(answers[number]) for number in (14, 13)] == [[], []]


def test_a_new_person_in_a_late_frame_gets_an_unused_id(video: Video) -> None:
    stranger = Person(640, look=3, turn=2.0)
    video.answers((number, walker(number)) for number in (0, 1, 2, 9))
    assert ids(video.answer(5, *walker(5), stranger)) == [1, 2]
    assert ids(video.answer(10, *walker(10), Person(1000, look=8))) == [1, 3]
    assert ids(video.answer(6, *walker(6), stranger)) == [1, 2]


def test_a_false_detection_in_a_late_frame_does_not_follow_its_neighbours_for_long(video: Video) -> None:
    answers = video.answers((number, walker(number)) for number in range(60, 50, -1))
    video.answer(50, *walker(50), Person(900, look=7, turn=2.0))
    answers = video.answers((number, walker(number)) for number in range(49, 40, -1))
    assert [len(answers[number].result.persons) for number in range(49, 40, -1)] == [2, 2, 2, 1, 1, 1, 1, 1, 1]


def test_people_who_cross_are_told_apart_by_appearance_backwards_too(video: Video) -> None:
    def crossing(number: int) -> list[Person]:
        return [Person(x=400 + 10 * number, look=1, turn=0.5), Person(x=800 - 10 * number, look=2, turn=-0.5)]

    answers = video.answers((number, crossing(number)) for number in range(40, -1, -1))
    for number, answer in answers.items():
        assert {person.track_id: person.detection_index for person in answer.result.persons} == {1: 0, 2: 1}, number


def test_frame_numbers_may_be_huge_and_far_apart(video: Video) -> None:
    far = 2**53 - 1
    answers = video.answers((number, walker(0)) for number in (10**9, far, far - 1, 10**9 + 1, 0))
    assert [ids(answer) for answer in answers.values()] == [[1], [2], [2], [1], [3]]


@pytest.mark.parametrize("found", [{}, {"pose": np.nan}])
def test_people_who_cannot_be_tracked_are_not_reported_in_late_frames(video: Video, found: dict[str, Any]) -> None:
    video.answers((number, walker(number)) for number in (0, 1, 5))
    seen = observation(3, *(walker(3) if found else []))
    if found:
        broken = people(*walker(3))
        object.__setattr__(broken, "pose", np.full_like(broken.pose, np.nan))
        object.__setattr__(seen, "people", broken)
    assert states(video.video.answer(seen)) == {1: "p"}


def test_a_late_prediction_has_the_joints_of_its_own_pose(standin_body: BodyModel) -> None:
    video = Video(body=standin_body)
    video.answers((number, walker(number)) for number in (0, 1, 2, 8))
    (person,) = video.answer(5).result.persons
    pose = person.pose[None]
    smpl = Smpl(pose[:, :9].reshape(1, 1, 3, 3), pose[:, 9:216].reshape(1, 23, 3, 3), pose[:, 216:226])
    np.testing.assert_allclose(person.joints_3d[:-1], standin_body.joints(smpl)[0], atol=1e-6)


def test_memory_does_not_grow_with_the_length_of_a_video() -> None:
    """Others come and go, and every fifth frame comes late: what is kept after 400 frames is what is after 100."""

    def play(video: VideoTracker, first: int, end: int) -> int:
        for number in (
            early for start in range(first, end, 5) for early in (*range(start, start + 3), start + 4, start + 3)
        ):
            other = Person(x=900, look=number // 20, turn=number // 20)
            video.record(video.answer(observation(number, *walker(number), other)), b"")
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    video = VideoTracker(VideoName("client", 1), Tracker(TRACKING), None, history=20)
    tracemalloc.start()
    try:
        before, after = play(video, 0, 100), play(video, 100, 400)
    finally:
        tracemalloc.stop()
    assert len(video.answers) == 20
    assert after < 1.15 * before
