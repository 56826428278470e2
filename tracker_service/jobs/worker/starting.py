"""Where a worker begins: at the first frame, or where the last committed chunk ended."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker_service.errors import JobError, VideoError
from tracker_service.jobs.chunks.chunk import Chunk
from tracker_service.jobs.chunks.run_record import RunRecord
from tracker_service.jobs.identity import SourceChange
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.worker.frame_marks import FrameMarks
from tracker_service.jobs.worker.reopening import Reopening, SourceChangedError
from tracker_service.jobs.worker.source_watch import SourceWatch
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.tracking import Border
from tracker_service.types import Frame, FrameResult, Picture
from tracker_service.types.calibration import FocalLength
from tracker_service.types.public_text import without_places
from tracker_service.video.source import FrameSource, Position, open_source

READ_AGAIN = 8
"""Frames before a border that are read again: to recognise the video, and for the shot detector, which needs 6."""


@dataclass(slots=True)
class Start:
    """Everything that a worker goes on from.

    Attributes:
        source: the open video; None where its rest cannot be read any more.
        frames: its frames, from some before the border on.
        rate: frames a second.
        border: where the run goes on, None at the beginning.
        focal_length: of the camera, None where it is not known.
        open_frames: the frames that were not final there, with their images where those are needed.
        record, before: the run up to there and its last chunk.
        first_late: the oldest frame without a result, and its timestamp: where late images begin.
        damaged: whether the video has shown damage before the border.
    """

    source: FrameSource | None
    frames: Iterator[Frame]
    rate: float
    border: Border | None = None
    focal_length: FocalLength | None = None
    open_frames: tuple[TrackedFrame, ...] = ()
    record: RunRecord = field(default_factory=RunRecord)
    before: Chunk | None = None
    first_late: tuple[int, float] = (0, 0.0)
    damaged: bool = False

    def close(self) -> None:
        """Close the video."""
        if self.source is not None:
            self.source.close()


@dataclass(frozen=True, slots=True)
class ReadingBounds:
    """How much of a video is read, whatever its header says.

    Attributes:
        frames: frames; None for all.
        seconds: time of the last one; None for all.
    """

    frames: int | None = None
    seconds: float | None = None

    def hold(self, frame: Frame) -> bool:
        """Tell whether a frame is within them."""
        return (self.frames is None or frame.number < self.frames) and (
            self.seconds is None or frame.timestamp <= self.seconds
        )


@dataclass(frozen=True, slots=True)
class Starting:
    """Begins, or goes on.

    Attributes:
        request: what was asked.
        watch: of its video.
        threads: decoder threads.
        stream: number of the video stream, as `VideoParameters` have it.
        keep_images: whether open frames need their images again.
        alive: is called while frames are read again.
        bounds: of what is read.
    """

    request: JobRequest
    watch: SourceWatch
    threads: int
    stream: int
    keep_images: bool
    alive: Callable[[], None]
    bounds: ReadingBounds = ReadingBounds()

    @property
    def end(self) -> Position | None:
        """First frame that is not wanted."""
        return None if self.request.max_frames is None else Position(frame=self.request.max_frames)

    def begin(self) -> Start:
        """Open the video at its first frame.

        Raises:
            JobError: it is gone, or another one.
            VideoError: it cannot be read.
        """
        if self.watch.check() is SourceChange.GONE:
            raise JobError("video: expected the submitted file, got none: it was removed before it was read")
        source = open_source(self.request.source, end=self.end, threads=self.threads, stream=self.stream)
        return Start(source, self._bounded(source), source.info.fps)

    def go_on(self, border: Border, notes: Mapping[str, Any], before: Chunk) -> Start:
        """Open the video at a border.

        A video that has become shorter than that ends there.

        Args:
            border: the border.
            notes: what was remembered with it.
            before: the chunk that ends with it.

        Raises:
            JobError: the video is another one.
            VideoError: it cannot be read.
        """
        first, marks, images = border.next_frame, FrameMarks.from_json(notes["marks"]), _times(border.open_frames)
        start = Start(
            None,
            iter(()),
            float(notes["rate"]),
            border,
            None if notes.get("focal") is None else FocalLength.from_json(notes["focal"]),
            record=RunRecord.from_json(notes["record"]),
            before=before,
            first_late=_oldest(border, marks),
            damaged=bool(notes["damaged"]),
        )
        times = {**dict(marks.times), **(images if self.keep_images else {})}
        reopening = Reopening(
            self.request.source,
            self.end,
            self.threads,
            self.stream,
            next_frame=first,
            first_needed=min(times),
            start_time=times[min(times)],
            marks=marks,
            damaged=start.damaged,
        )
        change, again = self.watch.check(), dict[int, Picture]()
        try:
            reopened = reopening.open(self.alive)
        except (VideoError, SourceChangedError) as error:
            if change not in (SourceChange.SHRUNK, SourceChange.GROWN):
                raise
            why = without_places(str(error))
            self.watch.note(f"the file could not be read behind frame {first - 1} any more: {why}")
        else:
            start.source, start.frames = reopened.source, self._bounded(reopened.frames(first - READ_AGAIN))
            again = {frame.number: frame.picture for frame in reopened.again if self.keep_images}
        start.open_frames = tuple(TrackedFrame(frame, again.get(frame.frame_number)) for frame in border.open_frames)
        return start

    def _bounded(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if not self.bounds.hold(frame):
                self.watch.note(f"the video is longer than is read here: it was read up to frame {frame.number - 1}")
                return
            yield frame

    def late_images(self, start: Start) -> FrameSource:
        """Open the video a second time, at the oldest frame without a result.

        Raises:
            VideoError: it cannot be read.
        """
        number, time = start.first_late
        if number and not start.damaged:
            try:
                position = Position(frame=number)
                return open_source(
                    self.request.source,
                    start=position,
                    end=self.end,
                    threads=self.threads,
                    start_time=time,
                    stream=self.stream,
                )
            except VideoError:
                pass
        return open_source(self.request.source, end=self.end, threads=self.threads, stream=self.stream)


def _oldest(border: Border, marks: FrameMarks) -> tuple[int, float]:
    """Return number and time of the oldest frame without a result, or of the last frame where all have one."""
    held = (frame for name in ("sides", "gaps", "waiting") for frame in border.held.get(name, ()))
    times = _times((*border.open_frames, *held))
    return min(times.items(), default=marks.times[-1])


def _times(frames: Iterable[FrameResult]) -> dict[int, float]:
    return {frame.frame_number: frame.timestamp for frame in frames}
