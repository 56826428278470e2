"""A video tracked up to one frame, and why the people of that frame have their identities."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from tracker_service.camera.follower import CameraFollower
from tracker_service.errors import SettingsError
from tracker_service.phalp.explain import FrameExplanation, explain
from tracker_service.pipeline.camera_motion import with_camera_motion
from tracker_service.pipeline.observation import FrameObservation, SecondLook
from tracker_service.pipeline.run import RunStages, observe_frames
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import associate_observed
from tracker_service.settings import Settings
from tracker_service.types import Detections, ExpectedPeople, Float32, FoundPeople, LookAgain, LookRound, People
from tracker_service.wiring.focal import focal_of
from tracker_service.wiring.models import load_body, open_client
from tracker_service.wiring.run import follows_camera, given_boxes, open_perception
from tracker_service.wiring.second_look import looks_again, open_second_look
from tracker_service.wiring.track import open_video
from tracker_service.wiring.tracker import TrackerFactory


@dataclass(frozen=True, slots=True)
class ExplainedFrame:
    """A frame's detections and what the tracker did with them.

    Attributes:
        observed: the people of the frame, and the detections that gates removed.
        found: whom a second look found, numbered after them; None where nobody was looked for or found.
        explanation: why they have their identities.
    """

    observed: FrameObservation
    found: Detections | None
    explanation: FrameExplanation


def explain_frame(
    settings: Settings, source: str, number: int, *, progress: Callable[[int], None] | None = None
) -> ExplainedFrame:
    """Track a video from its start up to frame ``number`` and explain that frame.

    Args:
        settings: everything that can be set; refinement changes no identity and is left out.
        source: video file or folder of images.
        number: the frame.
        progress: called with the number of every frame tracked.

    Raises:
        SettingsError: the video, or the part of it that the settings name, has no such frame.
        PhalpTritonError: the video cannot be read, or a model not run.
    """
    times, first, last = StageTimes(), None, None
    with closing(open_client(settings)) as client, open_video(settings, source) as video:
        again = looks_again(settings)
        perception = open_perception(
            settings,
            client,
            times=times,
            second_look=again,
            follow_camera=follows_camera(settings),
            focal=focal_of(settings, client, source, video.info),
            given=given_boxes(settings),
        )
        second_look = _Remembered(open_second_look(settings, client, perception, times)) if again else None
        trackers = TrackerFactory(settings, client, load_body(settings), times=times)
        tracker, camera = trackers.new(), CameraFollower()
        stages = RunStages(perception, tracker, overlap=settings.pipeline, detect_shots=settings.detect_shots)
        with closing(observe_frames(video, stages, times)) as observations:
            for observation in observations:
                seen = with_camera_motion(observation, camera, times)
                frame = seen.result
                last = frame.frame_number
                first = last if first is None else first
                associate_observed(tracker, seen, second_look)
                if progress is not None:
                    progress(last)
                if last == number and tracker.decision is not None:
                    found = None if second_look is None else second_look.found
                    return ExplainedFrame(seen, found, explain(tracker.decision, trackers.parameters))
                if last > number:
                    break
    raise SettingsError(f"frame: expected one from {first} to {last} of {source}, got {number}")


class _Remembered:
    """A second look that remembers whom it found in the last frame it was given."""

    def __init__(self, second_look: SecondLook) -> None:
        self._second_look = second_look
        self.found: Detections | None = None

    def __call__(self, seen: FrameObservation) -> LookAgain | None:
        self.found = None
        look = self._second_look(seen)
        return None if look is None else partial(self._look, look)

    def look_round(self, seen: FrameObservation) -> LookRound | None:
        look = self._second_look.look_round(seen)
        return None if look is None else partial(self._look_round, look)

    def _look_round(self, look: LookRound, doubtful: Float32, taken: Float32) -> People | None:
        people = look(doubtful, taken)
        if people is not None:
            self._remember(people.detections)
        return people

    def _remember(self, found: Detections) -> None:
        known = self.found or Detections.empty()
        boxes, scores = (np.concatenate([getattr(each, n) for each in (known, found)]) for n in ("boxes", "scores"))
        self.found = Detections(boxes, scores)

    def _look(self, look: LookAgain, expected: ExpectedPeople, taken: Float32) -> FoundPeople | None:
        found = look(expected, taken)
        if found is not None:
            self._remember(found.people.detections)
        return found
