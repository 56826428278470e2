"""The files of a run: written while it goes on, renamed when it is complete."""

from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.pipeline.overlap import map_in_order
from tracker_service.pipeline.recorder import FinishedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.results.frame_statistics import FrameStatistics
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.results.phalp_pickle import PhalpPickleWriter, extracted_frame_path
from tracker_service.types import UInt8
from tracker_service.video.source import VideoInfo
from tracker_service.video.writer import VideoWriter

RESULTS, TRACKS, OVERLAY, SUMMARY = "results.ndjson", "tracks.pkl", "overlay.mp4", "summary.json"
_DRAWN_AHEAD = 2


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Which files a run writes.

    Attributes:
        folder: where they go; made when missing.
        mesh: add the mesh vertices to every person of `results.ndjson` (about 100 kB a person and frame).
        overlay: how `overlay.mp4` is drawn, None for no overlay.
        overlay_fps: constant rate of the overlay, None for the source's own timestamps.
    """

    folder: Path
    mesh: bool = False
    overlay: OverlayStyle | None = None
    overlay_fps: float | None = None


class RunOutputs:
    """Writes `results.ndjson`, `tracks.pkl` and `overlay.mp4` of one run; a context manager.

    Leaving it normally renames the files to their names; leaving it by an error keeps what is readable under a
    `.partial` name.
    """

    def __init__(self, options: OutputOptions, info: VideoInfo, body: BodyModel, times: StageTimes) -> None:
        self.statistics = FrameStatistics()
        self._options = options
        self._info = info
        self._body = body
        self._times = times
        self._files = ExitStack()

    def __enter__(self) -> Self:
        options = self._options
        with ExitStack() as opened:
            self._results = opened.enter_context(
                NdjsonWriter(options.folder / RESULTS, self._body if options.mesh else None)
            )
            self._tracks = opened.enter_context(
                PhalpPickleWriter(options.folder / TRACKS, extracted_frame_path(self._info.name))
            )
            self._video = None if options.overlay is None else opened.enter_context(self._open_video())
            self._files = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def write(self, frames: Iterable[FinishedFrame]) -> Generator[FinishedFrame, None, None]:
        """Write every frame and pass it on; the overlay is drawn in a thread of its own."""
        with closing(map_in_order(self._draw, frames, workers=1, in_flight=_DRAWN_AHEAD)) as drawn:
            for frame, picture in drawn:
                self._write_one(frame, picture)
                yield frame

    def _write_one(self, frame: FinishedFrame, picture: UInt8 | None) -> None:
        with self._times.measure("results"):
            self._results.write(frame.result)
            self._tracks.write(frame.result)
            self.statistics.add(frame.result)
        if self._video is not None and picture is not None:
            with self._times.measure("encoding"):
                self._video.write(picture, self._timestamp(frame))

    def _open_video(self) -> VideoWriter:
        return VideoWriter(
            self._options.folder / OVERLAY,
            width=self._info.width,
            height=self._info.height,
            fps=self._options.overlay_fps or self._info.fps,
        )

    def _timestamp(self, frame: FinishedFrame) -> float | None:
        return None if self._options.overlay_fps is not None else frame.result.timestamp

    def _draw(self, frame: FinishedFrame) -> tuple[FinishedFrame, UInt8 | None]:
        if self._options.overlay is None or frame.image is None:
            return frame, None
        with self._times.measure("drawing"):
            return frame, draw_overlay(frame.image, frame.result, body=self._body, style=self._options.overlay)
