"""The whole pipeline as one stream: a source of frames in, finished frames out."""

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.overlap import map_in_order, read_ahead
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import FinishedFrame
from tracker_service.pipeline.shot_marks import mark_shots
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import track_frames
from tracker_service.pipeline.windows import windows
from tracker_service.types import Frame


@dataclass(frozen=True, slots=True)
class Overlap:
    """How the stages overlap; none of it changes the results.

    Attributes:
        window: frames per batch. Raising it makes batches larger and takes memory.
        workers: windows computed at the same time. Raising it uses more cores.
        in_flight: windows between decoding and association. Raising it smooths uneven windows and takes memory.
    """

    window: int = 4
    workers: int = 2
    in_flight: int = 3


def observe_frames(
    frames: Iterable[Frame],
    perception: Perception,
    overlap: Overlap,
    *,
    detect_shots: bool,
    times: StageTimes,
    first: int = 0,
) -> Generator[FrameObservation, None, None]:
    """Yield the people of every frame, in order, while the next windows are decoded and computed.

    Args:
        frames: consecutive frames.
        perception: looks at windows of them.
        overlap: how the stages overlap.
        detect_shots: look for shot changes.
        times: counts busy seconds.
        first: number of the first frame to observe; those before it only show the shot detector what went before.
    """
    decoded = times.measure_each("decoding", frames)
    marked = (frame for frame in mark_shots(decoded, detect=detect_shots) if frame.frame.number >= first)
    ahead = read_ahead(windows(marked, overlap.window), depth=1)
    observed = map_in_order(perception.observe, ahead, workers=overlap.workers, in_flight=overlap.in_flight)
    with closing(observed):
        for window in observed:
            yield from window


def finished_frames(
    frames: Iterable[Frame],
    perception: Perception,
    tracker: Tracker,
    overlap: Overlap,
    *,
    detect_shots: bool,
    times: StageTimes,
) -> Generator[FinishedFrame, None, None]:
    """Yield every frame's final result, in order, a few frames late because of back-fill."""
    return track_frames(
        observe_frames(frames, perception, overlap, detect_shots=detect_shots, times=times), tracker, times
    )
