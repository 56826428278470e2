"""One's own images, and one's own detections, followed as they come."""

from contextlib import ExitStack, closing
from types import TracebackType
from typing import Any, Self

from tracker_service.camera.follower import CameraFollower
from tracker_service.errors import ContractError
from tracker_service.library.keywords import settings_of
from tracker_service.pipeline.camera_motion import with_camera_motion
from tracker_service.pipeline.recorder import Recorder, TrackedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import associate_observed
from tracker_service.quality.judge import QualityJudge
from tracker_service.settings import Settings
from tracker_service.types import ArrayPicture, Detections, Frame, FrameResult, UInt8
from tracker_service.wiring.models import load_body, open_client
from tracker_service.wiring.run import open_perception
from tracker_service.wiring.second_look import open_second_look
from tracker_service.wiring.tracker import TrackerFactory


def open_tracker(*, settings: Settings | None = None, fps: float = 30.0, **changes: Any) -> "LiveTracker":
    """Open a tracker that takes images one by one and names the people of each at once.

    Args:
        settings: everything that can be set; None takes the defaults and the environment.
        fps: images a second, for the timestamps of images that come without one.
        changes: settings by keyword, as for `track`.

    Raises:
        SettingsError: a setting is unknown or has a value that cannot be used.
        InferenceError: a model is not there.
    """
    return LiveTracker(settings_of(settings, changes), fps)


class LiveTracker:
    """Follows people through images that come one by one; a context manager.

    Tentative people are named at once, and nobody is written into earlier images: what was said of an image stands
    (see `tracker_service.phalp.reporting`). Not safe to use from several threads at the same time.
    """

    def __init__(self, settings: Settings, fps: float) -> None:
        self.settings = settings
        self._fps = fps
        self._times = StageTimes()
        self._camera = CameraFollower()
        self._last = -1
        self._judge = QualityJudge(settings.quality)
        with ExitStack() as opened:
            client = opened.enter_context(closing(open_client(settings)))
            again = settings.second_look.enable
            self._perception = open_perception(
                settings, client, times=self._times, second_look=again, follow_camera=settings.camera.follow
            )
            self._second_look = open_second_look(settings, client, self._perception, self._times) if again else None
            self._tracker = TrackerFactory(settings, client, load_body(settings), live=True).new()
            self._opened = opened.pop_all()

    def update(
        self,
        image: UInt8,
        detections: Detections | None = None,
        *,
        frame_number: int | None = None,
        timestamp: float | None = None,
        shot: bool = False,
    ) -> FrameResult:
        """Follow the people into the next image.

        Args:
            image: (H, W, 3) uint8 RGB.
            detections: of this image, where they come from elsewhere; None lets the detector look. The gates of the
                settings hold for them, too, and nobody else is looked for.
            frame_number: of the image, greater than the last one's; None counts on. Numbers that are left out are
                frames in which nobody was seen.
            timestamp: seconds since the first image; None takes the number at ``fps``.
            shot: whether a new shot begins with it.

        Raises:
            ContractError: the image or the number cannot be used, or ``use_gt`` finds no identities.
            InferenceError: a model did not answer.
        """
        number = self._last + 1 if frame_number is None else frame_number
        if number <= self._last:
            raise ContractError(f"frame_number: expected more than {self._last}, got {number}")
        if self.settings.phalp.use_gt and (detections is None or detections.identities is None):
            raise ContractError("detections: expected identities, because use_gt is true, got none")
        frame = Frame(number, number / self._fps if timestamp is None else timestamp, ArrayPicture(image), shot)
        (observation,) = self._perception.observe([frame], None if detections is None else [detections])
        seen = with_camera_motion(observation, self._camera, self._times)
        result, people = associate_observed(self._tracker, seen, self._second_look if detections is None else None)
        recorder = Recorder()
        recorder.add(TrackedFrame(result), people)
        self._last = number
        return self._judge.judge(next(recorder.final(None)).result)

    def close(self) -> None:
        """Close the models; closing twice is allowed."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
