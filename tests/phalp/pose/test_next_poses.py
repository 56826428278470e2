"""The poses of the next frame are begun when a frame is done, and are those that would be predicted later."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import pytest

from tests.phalp.golden import Scenario
from tests.phalp.people import FRAME_SIZE, Person, people
from tracker_service.errors import InferenceUnavailableError
from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose, PendingPoses
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Int64, TrackedPerson


class Elsewhere:
    """Constant velocity, computed in another thread; remembers what it was asked for and may fail."""

    def __init__(self, failures: int = 0) -> None:
        self.asked: list[list[int]] = []
        self._failures = failures
        self._threads = ThreadPoolExecutor(1)

    def begin(self, history_pose: Float32, history_time: Int64, steps: Int64) -> PendingPoses:
        self.asked.append((history_time[:, -1] + steps).tolist())
        return self._threads.submit(self._predict, history_pose.copy(), history_time.copy(), steps).result

    def _predict(self, *history: Any) -> Float32:
        self._failures -= 1
        if self._failures >= 0:
            raise InferenceUnavailableError("no server")
        return ConstantVelocityPose().predict(*history)


def values(records: tuple[TrackedPerson, ...]) -> list[list[Any]]:
    return [[np.asarray(getattr(record, name)).tolist() for name in TrackedPerson.__slots__] for record in records]


def walk(tracker: Tracker, *times: int) -> list[list[list[Any]]]:
    return [values(tracker.update(people(Person(300 + 4 * time), Person(900)), time, FRAME_SIZE)) for time in times]


def test_one_batch_a_frame_with_all_tracks_is_begun_when_the_frame_before_is_done() -> None:
    predictor = Elsewhere()
    tracker = Tracker(TrackerParameters(), pose_predictor=predictor)
    walk(tracker, 0)
    assert predictor.asked == [[1, 1]]
    walk(tracker, 1, 2)
    assert predictor.asked == [[1, 1], [2, 2], [3, 3]]


def test_frames_that_keep_another_distance_are_expected_at_it() -> None:
    predictor = Elsewhere()
    walk(Tracker(TrackerParameters(), pose_predictor=predictor), 0, 5, 10, 15)
    # Frame 5 is a surprise, and whether 10 comes next is not known yet; 15 and 20 are begun in advance.
    assert predictor.asked == [[1, 1], [5, 5], [10, 10], [15, 15], [20, 20]]


@pytest.mark.parametrize("compat", ["paper", "upstream"])
@pytest.mark.parametrize("scenario", ["s0_two_walk", "s5_flicker"])
@pytest.mark.parametrize("every", [1, 2])
def test_records_are_those_of_poses_predicted_when_asked_for(
    scenario: str, compat: Literal["paper", "upstream"], every: int
) -> None:
    golden, parameters = Scenario(scenario), TrackerParameters(compat=compat)
    ahead, asked = Tracker(parameters, pose_predictor=Elsewhere()), Tracker(parameters)
    for frame in range(0, 30, every):
        arguments = golden.people(frame), frame + (frame > 12), golden.frame_size
        assert values(ahead.update(*arguments)) == values(asked.update(*arguments))


def test_a_tracker_cut_while_poses_are_under_way_goes_on_identically() -> None:
    parameters = TrackerParameters()
    whole = Tracker(parameters, pose_predictor=Elsewhere())
    walk(whole, 0, 1, 2, 3)
    again = Tracker.restore(whole.snapshot(), parameters, pose_predictor=Elsewhere())
    assert walk(again, 4, 5, 6) == walk(whole, 4, 5, 6)


def test_poses_that_failed_while_no_frame_came_are_asked_for_again() -> None:
    predictor = Elsewhere(failures=1)
    tracker = Tracker(TrackerParameters(), pose_predictor=predictor)
    assert walk(tracker, 0, 1, 2) == walk(Tracker(TrackerParameters()), 0, 1, 2)
    assert predictor.asked == [[1, 1], [1, 1], [2, 2], [3, 3]]


def test_a_frame_whose_poses_cannot_be_predicted_changes_nothing_and_may_come_again() -> None:
    tracker = Tracker(TrackerParameters(), pose_predictor=Elsewhere(failures=2))
    walk(tracker, 0)
    before = tracker.snapshot()
    with pytest.raises(InferenceUnavailableError, match="no server"):
        walk(tracker, 1)
    after = tracker.snapshot()
    assert all(np.array_equal(before.arrays[name], after.arrays[name]) for name in before.arrays)
    assert walk(tracker, 1, 2) == walk(Tracker(TrackerParameters()), 0, 1, 2)[1:]
