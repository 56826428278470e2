"""A live run: which frames have a result, under which number, and what became of the others."""

from contextlib import closing
from itertools import islice, pairwise

import orjson
import pytest

from harness.streams.live_stream import LiveStream
from tests.live.conftest import NewTracker
from tracker_service.errors import InferenceUnavailableError
from tracker_service.live.live_frame_result import live_line
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.live.live_run import LiveRun
from tracker_service.types import Frame, FrameResult, UInt8
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.live_source import LiveSource
from tracker_service.video.live.source_parameters import LiveSourceParameters

FAST = LiveSourceParameters(first_pause=0.02, longest_pause=0.05)


def source_of(stream: LiveStream) -> LiveSource:
    return LiveSource(LiveAddress.parse(stream.url), FAST)


def test_every_frame_is_accounted_for_and_numbers_follow_the_time(
    new_tracker: NewTracker, people_walking: list[UInt8]
) -> None:
    with LiveStream(lambda number: people_walking[number % len(people_walking)], 25, "mpjpeg") as stream:
        run = LiveRun(source_of(stream), new_tracker(), LiveParameters(latency_ms=0))
        with closing(run):
            frames = list(islice(run, 6))
        counts = run.counts
    assert counts.computed == 6
    assert counts.skipped >= sum(frame.skipped for frame in frames)
    assert (counts.failed, counts.damaged) == (0, 0)
    assert sum(frame.skipped + 1 for frame in frames) == frames[-1].source_frame + 1
    for frame in frames:
        assert frame.result.frame_number == pytest.approx(25 * frame.result.timestamp, abs=1)
    assert {person.track_id for person in frames[0].result.persons} & {
        person.track_id for person in frames[-1].result.persons
    }
    assert all(later.captured > frame.captured for frame, later in pairwise(frames))


def test_without_dropping_every_frame_is_computed(new_tracker: NewTracker, people_walking: list[UInt8]) -> None:
    with LiveStream(lambda number: people_walking[number % len(people_walking)], 30, "mpjpeg", frames=12) as stream:
        run = LiveRun(source_of(stream), new_tracker(), LiveParameters(drop="none"))
        with closing(run):
            frames = list(islice(run, 6))
    assert [frame.source_frame for frame in frames] == list(range(6))
    assert {frame.skipped for frame in frames} == {0}


def test_a_line_says_when_the_frame_was_taken_and_how_late_it_is(
    new_tracker: NewTracker, people_walking: list[UInt8]
) -> None:
    with LiveStream(lambda _: people_walking[0], 30, "mpjpeg") as stream:
        run = LiveRun(source_of(stream), new_tracker(), LiveParameters())
        with closing(run):
            (frame,) = islice(run, 1)
    line = live_line(frame)
    record = orjson.loads(line)
    assert line.endswith(b"\n")
    assert record["live"] == {
        "captured": round(frame.captured, 3),
        "source_frame": 0,
        "skipped": 0,
        "latency_ms": pytest.approx(1000 * frame.latency, abs=0.1),
    }
    assert record["frame_number"] == 0
    assert record["persons"]


class AwayTwice:
    """A tracker whose models do not answer twice; what a restart of Triton looks like from here."""

    def __init__(self) -> None:
        self.calls = 0

    def update(self, frame: Frame) -> FrameResult:
        self.calls += 1
        if self.calls in {2, 3}:
            raise InferenceUnavailableError("the models are away")
        width, height = frame.picture.size
        return FrameResult(frame.number, frame.timestamp, width, height, ())


def test_models_that_go_away_cost_frames_and_are_told_of_once(people_walking: list[UInt8]) -> None:
    told: list[str] = []
    with LiveStream(lambda _: people_walking[0], 60, "mpjpeg") as stream:
        tracker = AwayTwice()
        run = LiveRun(source_of(stream), tracker, LiveParameters(drop="none"), on_failure=told.append)
        with closing(run):
            frames = list(islice(run, 3))
        counts = run.counts
    assert [frame.skipped for frame in frames] == [0, 2, 0]
    assert (counts.computed, counts.failed) == (3, 2)
    assert told == ["the models are away"]
