"""A chain of FFmpeg's filters for frames of one kind, with the timestamps kept."""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from tracker_service.errors import VideoFormatError
from tracker_service.video.display.tone_map import HdrTransfer, cube_file
from tracker_service.video.opening import reason

_TIME_BASE = Fraction(1, 90_000)
_KNOWN_MATRICES = frozenset({0, 1, 2, 4, 5, 6, 7, 9})
_UNSPECIFIED_MATRIX = 2


class FrameKind(NamedTuple):
    """What a chain is made for; frames of another kind need another chain.

    Attributes:
        format: FFmpeg's name of the pixel format.
        width, height: as stored, pixels.
        deinterlaced: interlaced frames are made whole.
        reshaped: frames are scaled to square pixels.
        transfer: HDR is mapped to SDR; None for video that is SDR.
    """

    format: str
    width: int
    height: int
    deinterlaced: bool
    reshaped: bool
    transfer: HdrTransfer | None

    @property
    def changes(self) -> bool:
        """Tell whether there is anything to do."""
        return self.deinterlaced or self.reshaped or self.transfer is not None


class _Times(NamedTuple):
    """What FFmpeg's filters count in units of their own."""

    pts: int | None
    dts: int | None
    time_base: Fraction


class FilterChain:
    """Filters frames one by one; the picture of a frame may come only after the frame behind it.

    Args:
        kind: of all frames.
        shown: width and height in square pixels, as expressions of FFmpeg's filter "scale".
        threads: of the filters; more are faster.

    Raises:
        VideoFormatError: the pixels cannot be converted.
    """

    def __init__(self, kind: FrameKind, shown: tuple[str, str], threads: int) -> None:
        self.kind = kind
        self._waiting: deque[_Times] = deque()
        self._number = self._unwanted = 0
        self._graph = Graph()
        self._graph.threads = threads
        try:
            self._source = self._graph.add_buffer(
                width=kind.width, height=kind.height, format=VideoFormat(kind.format), time_base=_TIME_BASE
            )
            self._sink = self._linked(shown)
        except (av.FFmpegError, ValueError) as error:
            raise self._failure(error) from error

    def lead_in(self, frame: VideoFrame) -> None:
        """Take the frame before the first one, for filters that look back; it gives no picture."""
        self._unwanted = 1
        for _ in self.give(frame):
            pass

    def give(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """Yield the pictures that are ready once this frame has come."""
        self._waiting.append(_Times(frame.pts, frame.dts, frame.time_base or _TIME_BASE))
        # Filters leave out frames whose times do not rise; these are only the order.
        frame.pts, frame.time_base = self._number, _TIME_BASE
        if frame.colorspace not in _KNOWN_MATRICES:
            # FFmpeg refuses reserved and damaged numbers; without one it takes the usual matrix.
            frame.colorspace = _UNSPECIFIED_MATRIX
        self._number += 1
        try:
            self._source.push(frame)
        except av.FFmpegError as error:
            raise self._failure(error) from error
        finally:
            frame.pts, frame.dts, frame.time_base = self._waiting[-1]
        yield from self._ready()

    def drain(self) -> Iterator[VideoFrame]:
        """Yield the pictures that are still to come; nothing can be given afterwards."""
        self._source.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[VideoFrame]:
        while self._waiting:
            try:
                picture = self._sink.pull()
            except (BlockingIOError, EOFError):
                return
            except av.FFmpegError as error:
                raise self._failure(error) from error
            assert isinstance(picture, VideoFrame)  # noqa: S101 - a chain of video filters gives nothing else
            picture.pts, picture.dts, picture.time_base = self._waiting.popleft()
            if self._unwanted:
                self._unwanted -= 1
            else:
                yield picture

    def _linked(self, shown: tuple[str, str]) -> FilterContext:
        # FFmpeg reads the colour table while the filter is made.
        with TemporaryDirectory() as folder:
            filters = [*self._filters(shown, Path(folder)), self._graph.add("buffersink")]
            for before, after in zip([self._source, *filters], filters, strict=False):
                before.link_to(after)
            self._graph.configure()
        return filters[-1]

    def _filters(self, shown: tuple[str, str], folder: Path) -> Iterator[FilterContext]:
        if self.kind.deinterlaced:
            yield self._graph.add("bwdif", mode="send_frame", parity="auto", deint="interlaced")
        if self.kind.reshaped:
            width, height = shown
            yield self._graph.add("scale", w=width, h=height, eval="frame", flags="bicubic")
        if self.kind.transfer is not None:
            table = folder / "table.cube"
            table.write_text(cube_file(self.kind.transfer), encoding="ascii")
            yield self._graph.add("format", pix_fmts="gbrp16le")
            yield self._graph.add("lut3d", file=str(table), interp="tetrahedral")
        if self.kind.reshaped or self.kind.transfer is not None:
            # Straight to RGB: scaled as they are stored, colours would be blurred twice.
            yield self._graph.add("format", pix_fmts="rgb24")

    def _failure(self, error: Exception) -> VideoFormatError:
        got = f"{self.kind.format} {self.kind.width}x{self.kind.height}"
        words = reason(error) if isinstance(error, av.FFmpegError) else str(error)
        return VideoFormatError(f"expected pixels that can be shown, got {got}: {words}")
