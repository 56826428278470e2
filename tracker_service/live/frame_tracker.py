"""One frame after another through everything, each answered at once."""

from dataclasses import replace

from tracker_service.pipeline.camera_motion import with_camera_motion
from tracker_service.pipeline.recorder import Recorder, TrackedFrame
from tracker_service.pipeline.run import RunStages
from tracker_service.pipeline.seen_focal import SeenFocal
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import associate_observed
from tracker_service.types import Detections, Frame, FrameResult


class FrameTracker:
    """Follows people through frames that come one by one; not to be used from several threads at the same time.

    What was said of a frame stands: nobody is written into earlier frames (`tracker_service.phalp.reporting`).

    Args:
        stages: what a run does with its frames, with a live tracker.
        times: counts busy seconds.
    """

    def __init__(self, stages: RunStages, times: StageTimes) -> None:
        self._stages, self._times = stages, times
        self._focal = SeenFocal()

    def update(self, frame: Frame, detections: Detections | None = None) -> FrameResult:
        """Return the people of the next frame.

        Args:
            frame: its number is greater than the last one's. Numbers that are left out are frames in which nobody was
                seen, so numbers that count time make every prediction reach as far as the time that has passed.
            detections: of this frame, instead of the detector's; nobody else is looked for then.

        Raises:
            ContractError: the number does not advance, or the tracker wants identities and there are none.
            InferenceError: a model did not answer; the tracker stands where it stood.
        """
        stages = self._stages
        if frame.focal is None:
            frame = replace(frame, focal=self._focal.settled)
        (observation,) = stages.perception.observe([frame], None if detections is None else [detections])
        seen = with_camera_motion(self._focal.calibrated(observation), stages.camera, self._times)
        with self._times.measure("association"):
            second_look = stages.second_look if detections is None else None
            result, people = associate_observed(stages.tracker, seen, second_look)
        recorder = Recorder()
        recorder.add(TrackedFrame(result), people)
        (final,) = recorder.final(None)
        judged = stages.judge.judge(final.result)
        if stages.world is None:
            return judged
        with self._times.measure("world"):
            return stages.world.follow(judged)
