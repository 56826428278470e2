"""Opening a video again where an earlier reading was cut off."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from tracker_service.errors import JobError, VideoError
from tracker_service.jobs.worker.frame_marks import FrameMarks
from tracker_service.types import Frame
from tracker_service.video.source import FrameSource, Position, open_source


class SourceChangedError(JobError):
    """The video is not the one whose first part was computed."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """Where to take a video up.

    Attributes:
        path: the video.
        end: first frame not to be read, None for all.
        threads: decoder threads.
        stream: number of the video stream, as `VideoParameters` have it.
        next_frame: first frame that is still to be computed.
        first_needed: first frame that must be read again: for its image, or because a decision depends on it.
        start_time: its timestamp.
        marks: of the border, as the earlier reading made them.
        damaged: whether the earlier reading met damage; then only decoding from the beginning gives the same frames.
    """

    path: Path
    end: Position | None
    threads: int
    stream: int
    next_frame: int
    first_needed: int
    start_time: float
    marks: FrameMarks
    damaged: bool

    def open(self, alive: Callable[[], None]) -> "Reopened":
        """Open the video.

        Args:
            alive: is called while frames before the needed ones are read.

        Raises:
            SourceChangedError: what it shows before the border is not what was computed.
            VideoError: it cannot be read so far any more.
        """
        if not self.damaged:
            with suppress(VideoError, SourceChangedError):
                return self._read(self._seek(), alive)
        return self._read(open_source(self.path, end=self.end, threads=self.threads, stream=self.stream), alive)

    def _seek(self) -> FrameSource:
        start = Position(frame=self.first_needed)
        return open_source(
            self.path,
            start=start,
            end=self.end,
            threads=self.threads,
            start_time=self.start_time,
            stream=self.stream,
        )

    def _read(self, source: FrameSource, alive: Callable[[], None]) -> "Reopened":
        with ExitStack() as failing:
            failing.callback(source.close)
            frames, needed = iter(source), []
            for frame in frames:
                alive()
                if frame.number >= self.first_needed:
                    needed.append(frame)
                if frame.number >= self.next_frame - 1:
                    break
            if not needed or not self.marks.recognises(needed[-1]):
                raise SourceChangedError(
                    f"video: expected the frames that were read before frame {self.next_frame}, got others: it changed"
                )
            failing.pop_all()
        return Reopened(source, tuple(needed), frames)


@dataclass(frozen=True, slots=True)
class Reopened:
    """A video at a border.

    Attributes:
        source: to be closed.
        again: frames before the border that were read again.
        rest: the frames after it.
    """

    source: FrameSource
    again: tuple[Frame, ...]
    rest: Iterator[Frame] = field(repr=False)

    def frames(self, first: int) -> Iterator[Frame]:
        """Yield the frames from number ``first`` on, those read again included."""
        return chain((frame for frame in self.again if frame.number >= first), self.rest)
