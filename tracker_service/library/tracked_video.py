"""A video tracked from Python: an iterator of frames that closes what it opened."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from tracker_service.command_line.progress import progress_display
from tracker_service.library.keywords import settings_of
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary import Summary
from tracker_service.results.summary_files import write_summary
from tracker_service.settings import Settings
from tracker_service.types import FrameResult
from tracker_service.types.shown_html import ShownInNotebooks
from tracker_service.video.source import VideoInfo
from tracker_service.wiring.focal import focal_of
from tracker_service.wiring.models import devices_in_use, models_of, open_client
from tracker_service.wiring.run import RunOptions, open_run, run_summary
from tracker_service.wiring.track import Progress, open_sized_video


def track(
    source: str | Path,
    *,
    settings: Settings | None = None,
    progress: bool | Callable[[Progress], None] = False,
    **changes: Any,
) -> "TrackedVideo":
    """Track the people of a video, frame by frame.

    Nothing is written; every frame comes once, in order, a few frames after it was read. Memory does not grow with the
    length of the video. What was opened is closed at the end of the loop, when it is left early, and by an error.

    Args:
        source: video file or folder of images.
        settings: everything that can be set; None takes the defaults and the environment.
        progress: True shows a bar or lines on standard error; a function is called after every frame.
        changes: settings by keyword: ``n_init=3``, ``model_set="full"``, ``refinement={"enable": True}``.

    Raises:
        VideoError: the source is not there or no video.
        SettingsError: a setting is unknown or has a value that cannot be used.
        InferenceError: a model is not there; while iterating: it did not answer.
    """
    chosen = settings_of(settings, changes)
    chosen = chosen.model_copy(update={"render": replace(chosen.render, enable=False)})
    return TrackedVideo(chosen, str(source), progress)


class TrackedVideo(Iterator[FrameResult], ShownInNotebooks):
    """The frames of a video with their people; also a context manager. In a notebook it shows its summary so far.

    Attributes:
        info: size, rate and length of the video.
        settings: those in use.
    """

    info: VideoInfo
    settings: Settings

    def __init__(self, settings: Settings, source: str, progress: bool | Callable[[Progress], None]) -> None:
        self._source = source
        self._times, self._statistics = StageTimes(), FrameStatistics()
        self._started, self._elapsed = time.perf_counter(), 0.0
        with ExitStack() as opened:
            options = RunOptions.of(settings)
            client = opened.enter_context(closing(open_client(settings)))
            self._video, self.settings = opened.enter_context(open_sized_video(settings, source, client))
            self.info = self._video.info
            focal = focal_of(settings, client, source, self.info)
            run = open_run(options, client, self._video, self.info.fps, times=self._times, focal=focal)
            self._devices = devices_in_use(client, models_of(settings))
            self._frames = opened.enter_context(closing(run)).frames()
            self._progress = progress if callable(progress) else None
            if progress is True:
                self._progress = opened.enter_context(progress_display(Console(stderr=True))).show
            self._opened = opened.pop_all()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be known about the video so far, such as damage that was met."""
        return self._video.warnings

    def summary(self) -> Summary:
        """Return what was found in the frames that have come so far, and how long they took."""
        return run_summary(
            self.settings,
            self._statistics,
            source=self._source,
            elapsed=self._elapsed,
            stages=self._times.seconds(),
            runs_on=self._devices,
            warnings=self.warnings,
        )

    def write_summary(self, folder: str | Path) -> None:
        """Write ``summary.html`` and ``summary.json`` of the frames that have come so far.

        Raises:
            ResultsError: they cannot be written.
        """
        write_summary(Path(folder), self.summary())

    def __next__(self) -> FrameResult:
        try:
            result = next(self._frames).result
        except BaseException:
            self.close()
            raise
        self._statistics.add(result)
        self._elapsed = time.perf_counter() - self._started
        if self._progress is not None:
            self._progress(Progress(result, self._statistics.frames, self.info.frames_estimate))
        return result

    def __length_hint__(self) -> int:
        return max((self.info.frames_estimate or 0) - self._statistics.frames, 0)

    def close(self) -> None:
        """Close the video and the models; no more frames come. Closing twice is allowed."""
        self._frames = iter(())
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_opened"):
            self._opened.close()
