"""The sequential part: the tracker, frame by frame, and the frames it has finished with."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from tracker_service.phalp.state.snapshot import TrackerSnapshot
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.recorder import FinishedFrame, Recorder
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import FrameResult


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """The moment between two frames at which a stream of frames can be taken up again.

    Attributes:
        next_frame: number of the first frame that has not been tracked.
        tracker: state of the tracker.
        open_frames: tracked frames that are not final yet, oldest first.
        held: frames that later stages hold back or still need, oldest first, by what they are for.
    """

    next_frame: int
    tracker: TrackerSnapshot
    open_frames: tuple[FrameResult, ...]
    held: Mapping[str, tuple[FrameResult, ...]] = field(default_factory=dict)


def track_frames(
    observations: Generator[FrameObservation, None, None], tracker: Tracker, times: StageTimes
) -> Generator[FinishedFrame, None, None]:
    """Associate the people of consecutive frames and yield every frame, in order, once it is final."""
    recorder = Recorder()
    with closing(observations):
        for seen in observations:
            yield from _track(seen, tracker, recorder, times)
    yield from recorder.final(None)


def track_between_borders(
    observations: Generator[FrameObservation, None, None],
    tracker: Tracker,
    recorder: Recorder,
    times: StageTimes,
    *,
    every: int,
) -> Generator[FinishedFrame | Border, None, None]:
    """Do as `track_frames`, from where ``tracker`` and ``recorder`` stand, and yield a border after some frames.

    Nothing waits at a border: while its consumer writes it down, the next windows are computed.

    Args:
        observations: what is seen, frame by frame.
        tracker: new, or restored from a border.
        recorder: new, or with the open frames of that border.
        times: counts busy seconds.
        every: borders are before the frames whose number is a multiple of this.
    """
    with closing(observations):
        for seen in observations:
            yield from _track(seen, tracker, recorder, times)
            if (seen.frame_number + 1) % every == 0:
                open_frames = tuple(frame.result for frame in recorder.open_frames)
                yield Border(seen.frame_number + 1, tracker.snapshot(), open_frames)
    yield from recorder.final(None)


def _track(seen: FrameObservation, tracker: Tracker, recorder: Recorder, times: StageTimes) -> Iterator[FinishedFrame]:
    with times.measure("association"):
        persons = tracker.update(
            seen.people, seen.frame_number, (seen.width, seen.height), shot=seen.shot, low_score=seen.low_score
        )
    recorder.add(seen, persons)
    yield from recorder.final(tracker.pending_since)
