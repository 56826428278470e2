"""The sequential part: the tracker, frame by frame, and the frames it has finished with."""

from collections.abc import Generator
from contextlib import closing

from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.recorder import FinishedFrame, Recorder
from tracker_service.pipeline.stage_times import StageTimes


def track_frames(
    observations: Generator[FrameObservation, None, None], tracker: Tracker, times: StageTimes
) -> Generator[FinishedFrame, None, None]:
    """Associate the people of consecutive frames and yield every frame, in order, once it is final."""
    recorder = Recorder()
    with closing(observations):
        for seen in observations:
            size = (seen.width, seen.height)
            with times.measure("association"):
                persons = tracker.update(seen.people, seen.frame_number, size, shot=seen.shot, low_score=seen.low_score)
            recorder.add(seen, persons)
            yield from recorder.final(tracker.pending_since)
    yield from recorder.final(None)
