"""Writing an mp4 that every player opens, with the source's own frame times."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from tracker_service.errors import ContractError, ResultsError, SettingsError
from tracker_service.types import UInt8

TICKS_PER_SECOND = 60_000
"""Resolution of the frame times: whole ticks for 24, 25, 29.97, 30 and 60 frames a second; MPEG-4 allows no more."""

_PRESETS = frozenset(
    {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"}
)


class VideoWriter:
    """Writes RGB frames as H.264 in an mp4 (yuv420p, BT.709, index in front so that it plays while it loads).

    The file appears under its name only when it has been closed without an error; until then it is ``<name>.partial``
    beside it, which nothing can play, and which the next writer of the same name replaces. Odd sizes gain one
    row or column (a copy of the last one), because the format stores even sizes only.

    Args:
        path: file to write; an existing one is replaced. Its folder must exist.
        width: of the frames, pixels.
        height: of the frames, pixels.
        fps: nominal frame rate: the distance of frames written without a timestamp, and the last frame's duration.
        crf: constant rate factor, 0 to 51; raising it makes the file smaller and the picture worse (6 more: half).
        preset: x264's name for the effort; slower ones make the file smaller and cost time.
        threads: encoder threads; more encode faster; 0 lets the encoder choose.

    Attributes:
        encoder: FFmpeg's name of the encoder in use.
        note: one line if the encoder is not H.264 because this build of FFmpeg has none, else None.

    Raises:
        SettingsError: a setting cannot be used.
        ResultsError: the file cannot be created.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        fps: float,
        *,
        crf: int = 23,
        preset: str = "superfast",
        threads: int = 0,
    ) -> None:
        _check_settings(width, height, fps, crf, preset)
        self.path = Path(path)
        self._width, self._height, self._fps = width, height, fps
        self._first_time: float | None = None
        self._last_ticks = -1
        self._reformatter = VideoReformatter()
        self.encoder, self.note = _encoder()
        self._partial = partial_name(self.path)
        try:
            self._partial.touch()  # FFmpeg would only find out with the first frame that the folder cannot be written
            self._container: OutputContainer | None = av.open(
                f"file:{self._partial.absolute()}", "w", format="mp4", options={"movflags": "+faststart"}
            )
        except OSError as error:
            raise ResultsError(f"{self.path}: expected a file that can be written, got: {error.strerror}") from error
        try:
            self._stream = self._add_stream(self._container, crf, preset, threads)
        except BaseException:
            self.abort()
            raise

    def write(self, image: UInt8, timestamp: float | None = None) -> None:
        """Append a frame.

        Args:
            image: (height, width, 3) uint8 RGB.
            timestamp: seconds, rising from frame to frame; the first one written becomes 0. None puts the frame one
                nominal period behind the previous one.

        Raises:
            ContractError: the image has another shape or type than announced.
            ResultsError: the file has been closed or cannot be written (full disk); it is removed then.
        """
        if self._container is None:
            raise ResultsError(f"{self.path}: expected an open video, got a frame after it was closed")
        if image.shape != (self._height, self._width, 3) or image.dtype != np.uint8:
            expected = f"uint8 ({self._height}, {self._width}, 3)"
            raise ContractError(f"{self.path.name}: expected frames of {expected}, got {image.dtype} {image.shape}")
        frame = self._yuv(image)
        frame.pts, frame.time_base = self._ticks(timestamp), Fraction(1, TICKS_PER_SECOND)
        frame.duration = self._period
        self._encode(self._container, frame)

    def close(self) -> None:
        """Finish the file and give it its name; closing twice is allowed.

        Raises:
            ResultsError: no frame was written, or the file cannot be finished; nothing is left behind then.
        """
        container = self._container
        if container is None:
            return
        if self._last_ticks < 0:
            self.abort()
            raise ResultsError(f"{self.path}: expected at least one frame before closing, got none")
        self._encode(container, None)
        try:
            container.close()
            self._partial.replace(self.path)
        except OSError as error:
            self.abort()
            raise ResultsError(f"{self.path}: expected to finish the video, got: {error.strerror}") from error
        self._container = None

    def abort(self) -> None:
        """Stop writing and remove the temporary file; a finished file is left alone."""
        container, self._container = self._container, None
        if container is None:
            return
        try:
            container.close()
        except (OSError, ValueError):
            pass
        finally:
            self._partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()

    @property
    def _period(self) -> int:
        return max(round(TICKS_PER_SECOND / self._fps), 1)

    def _ticks(self, timestamp: float | None) -> int:
        if timestamp is None:
            ticks = 0 if self._last_ticks < 0 else self._last_ticks + self._period
        else:
            self._first_time = timestamp if self._first_time is None else self._first_time
            ticks = round((timestamp - self._first_time) * TICKS_PER_SECOND)
        self._last_ticks = max(ticks, self._last_ticks + 1)
        return self._last_ticks

    def _yuv(self, image: UInt8) -> VideoFrame:
        if self._width % 2 or self._height % 2:
            below, right = self._height % 2, self._width % 2
            image = np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)
        frame = VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), format="rgb24")
        return self._reformatter.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )

    def _add_stream(self, container: OutputContainer, crf: int, preset: str, threads: int) -> VideoStream:
        coarseness = str(2 + crf // 6)
        options = {"qmin": coarseness, "qmax": coarseness}
        if self.encoder == "libx264":
            options = {"crf": str(crf), "preset": preset}
        rate = Fraction(self._fps).limit_denominator(1001)
        stream = cast("VideoStream", container.add_stream(self.encoder, rate=rate, options=options))
        stream.width, stream.height = self._width + self._width % 2, self._height + self._height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS_PER_SECOND)
        context.thread_count = threads
        context.color_range, context.colorspace = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        return stream

    def _encode(self, container: OutputContainer, frame: VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                packet.duration = packet.duration or self._period
                container.mux(packet)
        except av.FFmpegError as error:
            self.abort()
            raise ResultsError(f"{self.path}: expected to write a frame, got: {error.strerror}") from error


def partial_name(path: Path) -> Path:
    """Return the name that a video has until it is complete."""
    return path.with_name(f"{path.name}.partial")


def _check_settings(width: int, height: int, fps: float, crf: int, preset: str) -> None:
    if width < 1 or height < 1:
        raise SettingsError(f"video size: expected at least 1x1 pixels, got {width}x{height}")
    if not 0 < fps <= 1000:
        raise SettingsError(f"video rate: expected more than 0 and at most 1000 frames a second, got {fps}")
    if not 0 <= crf <= 51:
        raise SettingsError(f"crf: expected 0 to 51, got {crf}")
    if preset not in _PRESETS:
        raise SettingsError(f"preset: expected one of x264's presets ({', '.join(sorted(_PRESETS))}), got {preset!r}")


def _encoder() -> tuple[str, str | None]:
    if "libx264" in av.codecs_available:
        return "libx264", None
    return "mpeg4", "this build of FFmpeg has no H.264 encoder (libx264): MPEG-4 is written instead"
