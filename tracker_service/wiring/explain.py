"""A video tracked up to one frame, and why the people of that frame have their identities."""

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Self

from tracker_service.errors import ContractError, SettingsError
from tracker_service.phalp.explain import FrameExplanation, explain
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import Settings
from tracker_service.types import Detections
from tracker_service.wiring.focal import focal_of
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run
from tracker_service.wiring.track import open_sized_video


@dataclass(frozen=True, slots=True)
class ExplainedFrame:
    """A frame's detections and what the tracker did with them.

    Attributes:
        observed: the people of the frame, and the detections that gates removed.
        found: whom further looks into the frame found, numbered after them.
        explanation: why they have their identities.
    """

    observed: FrameObservation
    found: Detections
    explanation: FrameExplanation

    @classmethod
    def of(cls, observed: FrameObservation, tracker: Tracker) -> Self:
        """Explain the last update of a tracker, which took in this frame."""
        decision = tracker.decision
        if decision is None:
            raise ContractError("explain: expected a tracker that has taken in a frame, got a new one")
        return cls(observed, decision.found, explain(decision, tracker.parameters))


def explain_frame(settings: Settings, source: str, number: int) -> ExplainedFrame:
    """Track a video from its start up to frame ``number``, as `track_video` does it, and explain that frame.

    Args:
        settings: everything that can be set; refinement and drawing change no identity and are left out.
        source: video file or folder of images.
        number: the frame.

    Raises:
        SettingsError: the video, or the part of it that the settings name, has no such frame.
        PhalpTritonError: the video cannot be read, or a model not run.
    """
    left_out = {name: replace(getattr(settings, name), enable=False) for name in ("render", "refinement")}
    settings = settings.model_copy(update=left_out)
    wanted = _Wanted(number)
    with closing(open_client(settings)) as client, open_sized_video(settings, source, client) as (video, settings):
        run = open_run(
            RunOptions.of(settings),
            client,
            video,
            video.info.fps,
            times=StageTimes(),
            focal=focal_of(settings, client, source, video.info),
            on_update=wanted.look,
        )
        with closing(run):
            for _ in run:
                if wanted.passed:
                    break
    if wanted.explained is None:
        raise SettingsError(f"frame: expected one {wanted.range} of {source}, got {number}")
    return wanted.explained


class _Wanted:
    """Explains one frame when its turn comes."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.first: int | None = None
        self.last: int | None = None
        self.explained: ExplainedFrame | None = None

    @property
    def passed(self) -> bool:
        """Whether the frame, or one after it, was tracked."""
        return self.last is not None and self.last >= self._number

    @property
    def range(self) -> str:
        """The frames there are; where the wanted one would come before them, their end is not known."""
        before = self.first is not None and self._number < self.first
        return f"from {self.first} on" if before else f"from {self.first} to {self.last}"

    def look(self, seen: FrameObservation, tracker: Tracker) -> None:
        self.last = seen.frame_number
        self.first = self.last if self.first is None else self.first
        if self.last == self._number:
            self.explained = ExplainedFrame.of(seen, tracker)
