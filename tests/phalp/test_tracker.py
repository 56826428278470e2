from typing import Any

import numpy as np
import pytest

from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker, with_values
from tracker_service.errors import ContractError
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import Compatibility, TrackerParameters
from tracker_service.types import People, PersonState, TrackedPerson


def run(frames: list[People], parameters: TrackerParameters | None = None, **options: Any) -> list[list[TrackedPerson]]:
    """Track the frames and return the records by the frame they belong to, back-fill included."""
    tracker = Tracker(parameters or TrackerParameters(), **options)
    recorded: list[list[TrackedPerson]] = [[] for _ in frames]
    for time, given in enumerate(frames):
        for record in tracker.update(given, time, FRAME_SIZE):
            recorded[record.frame_number].append(record)
    return recorded


def ids(recorded: list[list[TrackedPerson]]) -> list[list[int]]:
    return [sorted(record.track_id for record in records) for records in recorded]


def test_a_person_is_followed_from_the_first_sighting_although_confirmed_later() -> None:
    recorded = run([people(walker(time)) for time in range(8)])
    assert ids(recorded) == [[1]] * 8
    assert [records[0].detection_index for records in recorded] == [0] * 8


def test_nothing_is_reported_before_confirmation_and_pending_since_is_the_oldest_open_frame() -> None:
    tracker = Tracker(TrackerParameters(n_init=3))
    told = []
    for time in range(4, 8):
        records = tracker.update(people(*([walker(time)] if time > 4 else [])), time, FRAME_SIZE)
        told.append(([record.frame_number for record in records], tracker.pending_since))
    assert told == [([], None), ([], 5), ([], 5), ([7, 5, 6], None)]


def test_a_seen_record_carries_the_detection_unchanged() -> None:
    given = [people(walker(time), Person(900, look=5, turn=0.4)) for time in range(6)]
    for time, records in enumerate(run(given, TrackerParameters(depth_gain=1))):
        for record in records:
            row = record.detection_index
            assert (record.state, record.age, record.tracking_confidence) == (PersonState.SEEN, 0, 1.0)
            np.testing.assert_array_equal(record.box, given[time].detections.boxes[row])
            np.testing.assert_array_equal(record.body_pose, given[time].smpl.body_pose[row])
            np.testing.assert_array_equal(record.global_orient, given[time].smpl.global_orient[row])
            np.testing.assert_array_equal(record.betas, given[time].smpl.betas[row])
            np.testing.assert_array_equal(record.joints_2d, given[time].joints_2d[row])
            np.testing.assert_array_equal(record.appearance, given[time].appearance[row])


def test_records_are_not_changed_by_later_frames() -> None:
    tracker = Tracker(TrackerParameters(n_init=1))
    records = tracker.update(people(walker(0)), 0, FRAME_SIZE)
    before = records[0].box.copy(), records[0].pose.copy()
    for time in range(1, 20):
        tracker.update(people(walker(time, turn=0.1 * time)) if time < 10 else nobody(), time, FRAME_SIZE)
    np.testing.assert_array_equal(records[0].box, before[0])
    np.testing.assert_array_equal(records[0].pose, before[1])


def test_ids_follow_the_order_of_detections() -> None:
    recorded = run([people(Person(900, look=1), Person(100, look=2), Person(500, look=3)) for _ in range(5)])
    assert {record.detection_index: record.track_id for record in recorded[0]} == {0: 1, 1: 2, 2: 3}


def test_an_occluded_person_keeps_the_identity_and_every_frame_has_a_record() -> None:
    frames = [people(walker(time)) if not 10 <= time < 25 else nobody() for time in range(35)]
    recorded = run(frames)
    assert ids(recorded) == [[1]] * 35
    assert [records[0].age for records in recorded[8:27]] == [0, 0, *range(1, 16), 0, 0]


def test_a_tentative_track_that_misses_frames_is_filled_in_once_confirmed() -> None:
    frames = [people(walker(time)) if time not in (1, 3, 4) else nobody() for time in range(9)]
    recorded = run(frames)
    assert ids(recorded) == [[1]] * 9
    states = "".join(records[0].state.value[0] for records in recorded)
    assert states == "spsppssss"


@pytest.mark.parametrize(
    ("compat", "tentative_misses", "confirmed_from"),
    [("paper", 3, 0), ("paper", 1, 0), ("paper", 0, 2), ("upstream", 3, 2)],
)
def test_a_tentative_track_survives_misses_by_default_and_none_upstream(
    compat: Any, tentative_misses: int, confirmed_from: int
) -> None:
    frames = [people(walker(time)) if time != 1 else nobody() for time in range(9)]
    parameters = TrackerParameters(compat=compat, tentative_misses=tentative_misses)
    recorded = run(frames, parameters)
    assert [len(records) for records in recorded] == [0] * confirmed_from + [1] * (9 - confirmed_from)


def test_a_tentative_track_dies_after_more_misses_than_it_survives() -> None:
    frames = [people(walker(time)) if time not in (2, 3, 4) else nobody() for time in range(9)]
    assert ids(run(frames, TrackerParameters(tentative_misses=2)))[0] == []
    assert ids(run(frames, TrackerParameters(tentative_misses=3)))[0] == [1]


def test_a_false_detection_of_few_frames_is_never_reported() -> None:
    frames = [people(walker(time), *([Person(1000, look=9)] if time < 4 else [])) for time in range(12)]
    assert ids(run(frames)) == [[1]] * 12


@pytest.mark.parametrize("compat", ["paper", "upstream"])
@pytest.mark.parametrize(("missed", "ids_after"), [(6, [1]), (7, [2])])
def test_a_confirmed_track_is_forgotten_after_max_age(compat: Any, missed: int, ids_after: list[int]) -> None:
    frames = [people(Person(600)) if not 5 <= time < 5 + missed else nobody() for time in range(20)]
    recorded = run(frames, TrackerParameters(max_age_track=6, compat=compat))
    assert ids(recorded)[-1] == ids_after
    assert max(record.age for records in recorded for record in records) == 6


def test_ids_are_not_reused_after_a_track_is_gone() -> None:
    frames = [people(Person(600, look=time // 20)) if time % 20 < 6 else nobody() for time in range(60)]
    recorded = run(frames, TrackerParameters(max_age_track=3))
    assert {record.track_id for records in recorded for record in records} == {1, 2, 3}


def test_skipped_frames_count_as_time() -> None:
    tracker = Tracker(TrackerParameters(n_init=1, max_age_track=10))
    tracker.update(people(walker(0)), 0, FRAME_SIZE)
    tracker.update(people(walker(5)), 5, FRAME_SIZE)
    assert [record.age for record in tracker.update(nobody(), 9, FRAME_SIZE)] == [4]
    assert tracker.update(nobody(), 16, FRAME_SIZE) == ()


def test_tracking_confidence_falls_with_the_age_of_the_prediction() -> None:
    frames = [people(walker(time)) if time < 6 else nobody() for time in range(12)]
    confidences = [records[0].tracking_confidence for records in run(frames, TrackerParameters(confidence_decay=0.5))]
    assert confidences == [1.0] * 6 + [0.5**age for age in range(1, 7)]


def test_annotated_people_are_confirmed_at_once_without_duplicate_records() -> None:
    frames = [people(walker(time, annotated=True)) for time in range(8)]
    assert ids(run(frames)) == [[1]] * 8
    assert ids(run(frames, TrackerParameters(compat="upstream"))) == [[1, 1]] * 4 + [[1]] * 4


def test_a_shot_change_keeps_identities_by_default_and_breaks_them_upstream() -> None:
    def frame(time: int) -> People:
        left, right = (100, 300) if time < 8 else (1000, 1200)
        return people(Person(left, look=1, turn=0.3), Person(right, look=2, turn=-0.9))

    for compat, last in (("paper", {1, 2}), ("upstream", {3, 4})):
        tracker = Tracker(TrackerParameters(compat=compat, appearance_scale=100))  # type: ignore[arg-type]
        for time in range(16):
            records = tracker.update(frame(time), time, FRAME_SIZE, shot=time == 8)
        assert {record.track_id for record in records if record.state is PersonState.SEEN} == last


def test_a_detection_with_undefined_values_is_ignored_and_the_others_keep_their_rows() -> None:
    given = people(Person(200, look=1), Person(600, look=2), Person(1000, look=3))
    pose, location = given.pose.copy(), given.location.copy()
    pose[0, 5], location[1, 92] = np.nan, -3.0
    recorded = run([with_values(given, pose=pose, location=location)] * 5)
    assert [[record.detection_index for record in records] for records in recorded] == [[2]] * 5


def test_given_identities_decide_where_they_are_known() -> None:
    def frame(time: int) -> People:
        swapped = time >= 6
        left, right = Person(300, look=1, identity=70 + swapped), Person(340, look=1, identity=71 - swapped)
        return people(left, right, Person(900, look=4))

    recorded = run([frame(time) for time in range(10)], TrackerParameters(use_gt=True))
    by_row = [{record.detection_index: record.track_id for record in records} for records in recorded]
    assert by_row == [{0: 1, 1: 2, 2: 3}] * 6 + [{0: 2, 1: 1, 2: 3}] * 4


def test_upstream_matches_all_pairs_of_equal_identities() -> None:
    tracker = Tracker(TrackerParameters(use_gt=True, compat="upstream"))
    given = people(Person(300, identity=1), Person(600, identity=1))
    for time in range(2):
        tracker.update(given, time, FRAME_SIZE)
    assert tracker.tracks.hits.tolist() == [3, 3]


def test_low_scores_continue_confirmed_tracks_but_start_none() -> None:
    rescued: dict[bool, list[int]] = {False: [], True: []}
    for second_pass in (False, True):
        tracker = Tracker(TrackerParameters())
        for time in range(12):
            seen = people(walker(time)) if time < 6 else people(Person(1100, look=8))
            low = people(Person(50, look=3), walker(time, score=0.3)) if time >= 6 else nobody()
            records = tracker.update(seen, time, FRAME_SIZE, low_score=low if second_pass else None)
            for record in records:
                if record.track_id == 1 and record.frame_number >= 6 and record.state is PersonState.SEEN:
                    rescued[second_pass].append(record.detection_index)
                    assert record.score == pytest.approx(0.3)
        assert set(tracker.tracks.track_id.tolist()) == {1, 2}
    assert rescued == {False: [], True: [2] * 6}


def test_low_scores_that_the_body_model_doubts_continue_no_track() -> None:
    tracker = Tracker(TrackerParameters())
    for time in range(8):
        seen = people(walker(time)) if time < 6 else nobody()
        low = people(walker(time, score=0.3, presence=0.5)) if time >= 6 else nobody()
        records = tracker.update(seen, time, FRAME_SIZE, low_score=low)
    assert [record.state for record in records] == [PersonState.PREDICTED]
    assert tracker.decision is not None
    assert tracker.decision.refused.tolist() == [0]


def test_low_scores_do_not_keep_a_tentative_track_alive() -> None:
    tracker = Tracker(TrackerParameters(tentative_misses=0))
    tracker.update(people(walker(0)), 0, FRAME_SIZE)
    tracker.update(nobody(), 1, FRAME_SIZE, low_score=people(walker(1)))
    assert len(tracker.tracks) == 0


def test_time_must_advance() -> None:
    tracker = Tracker(TrackerParameters())
    tracker.update(nobody(), 3, FRAME_SIZE)
    with pytest.raises(ContractError, match="a frame after 3, got 3"):
        tracker.update(nobody(), 3, FRAME_SIZE)


def test_embeddings_must_keep_their_length_while_tracks_live() -> None:
    tracker = Tracker(TrackerParameters())
    given = people(walker(0))
    tracker.update(given, 0, FRAME_SIZE)
    with pytest.raises(ContractError, match="embeddings of length 16, got 3"):
        tracker.update(with_values(given, appearance=np.zeros((1, 3), np.float32)), 1, FRAME_SIZE)


@pytest.mark.parametrize(
    ("compat", "least_visible", "last_frame"),
    [("paper", 0.25, 27), ("paper", 0.0, 30), ("upstream", 0.25, 30)],
)
def test_a_predicted_person_is_reported_while_enough_of_the_box_is_in_the_frame(
    compat: Compatibility, least_visible: float, last_frame: int
) -> None:
    tracker = Tracker(TrackerParameters(compat=compat, least_visible=least_visible))
    reported = []
    for time in range(31):
        walking_out = [Person(x=1080 + 10 * time)] if time < 10 else []
        records = tracker.update(people(*walking_out), time, FRAME_SIZE)
        reported += [record.frame_number for record in records]
    assert max(reported) == pytest.approx(last_frame, abs=3 if last_frame == 27 else 0)
    assert len(tracker.tracks) == 1  # the track itself continues, and may be seen again


def test_someone_who_comes_back_into_the_frame_keeps_the_id() -> None:
    tracker = Tracker(TrackerParameters())
    ids = set()
    for time in range(40):
        x = 1180 + 12 * time if time < 20 else 1180 + 12 * (39 - time)
        inside = [Person(x=float(x))] if x < 1280 else []
        ids |= {record.track_id for record in tracker.update(people(*inside), time, FRAME_SIZE)}
    assert ids == {1}
