"""Opening a media file with PyAV: the video stream in it, or one line that says why there is none."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from tracker_service.errors import VideoFormatError, VideoNotFoundError
from tracker_service.video.damage import Promise

MOST_THREADS = 4
"""Upper bound of decoder threads that are chosen automatically: each holds frames of its own."""

_MOST_READ_FAILURES = 16
_MOST_UNREAD, _MOST_UNREAD_BYTES = 0.1, 64 * 1024
_UNKNOWN_RATE = 25.0
_HIGHEST_RATE = 1000.0
_DURATION_IN_HEADER = ("matroska", "flv")
_CLOCK_TAG = re.compile(r"(\d+):(\d\d):(\d\d\.?\d*)")

# Playlists and scripts name further files to open; text is drawn by FFmpeg as if it were a picture. An uploaded
# "video" must neither read other files nor turn text into frames.
_REFUSED_FORMATS = frozenset({"hls", "dash", "concat", "concatf", "sdp", "rtsp", "image2", "tty", "imf", "lavfi"})


class VideoContainer:
    """An opened media file, its video stream and a decoder for it.

    Args:
        path: an existing file.
        threads: decoder threads; more decode faster and hold more frames; 0 takes the cores, at most four.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: the file is empty, is not a video, has no video stream, or its codec is unknown.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.path = path
        self._container = _open(path)
        try:
            self.stream = _video_stream(self._container, path)
            for stream in self._container.streams:
                if stream.index != self.stream.index:
                    stream.discard = Discard.all
            self.stream.thread_type = "AUTO"
            self.stream.codec_context.thread_count = threads or min(_usable_cores(), MOST_THREADS)
        except BaseException:
            self._container.close()
            raise
        self.read_fault: str | None = None

    @property
    def format(self) -> str:
        """FFmpeg's name of the container format."""
        return self._container.format.name

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec, whichever decoder reads it."""
        return self.stream.codec_context.codec.canonical_name

    @property
    def is_transport_stream(self) -> bool:
        """True for MPEG-TS, which is made to be decoded with pieces missing."""
        return "mpegts" in self.format

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick of the stream's timestamps."""
        return self.stream.time_base or Fraction(1, av.time_base)

    @property
    def fps(self) -> float:
        """Average frame rate, or the nominal one where no average is known."""
        stream = self.stream
        for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
            if rate is not None and 0 < rate <= _HIGHEST_RATE:
                return float(rate)
        return _UNKNOWN_RATE

    @property
    def duration(self) -> float | None:
        """Seconds that the header promises, or None."""
        stream = self.stream
        if stream.duration is not None and stream.duration > 0:
            return float(stream.duration * self.time_base)
        return self._tagged_seconds or self._container_seconds

    @property
    def frames_estimate(self) -> int | None:
        """Frames that the header promises, counted or from the duration, or None."""
        if self._counted_frames is not None:
            return self._counted_frames
        return None if self.duration is None else max(round(self.duration * self.fps), 1)

    @property
    def _counted_frames(self) -> int | None:
        if self.stream.frames <= 0:
            return None
        # An edit list takes whole groups of pictures out of FFmpeg's index, but not out of the header's count.
        listed = len(self.stream.index_entries) if "mov" in self.format else 0
        return min(self.stream.frames, listed or self.stream.frames)

    @property
    def promise(self) -> Promise:
        """What the header says about the video stream alone, so that a file cut short can be told."""
        if self._counted_frames is not None:
            return Promise(self._counted_frames, self.duration, self.fps)
        # The container's own duration may be that of the sound, or be guessed from the file size.
        alone = len(self._container.streams) == 1 and any(name in self.format for name in _DURATION_IN_HEADER)
        return Promise(None, self._tagged_seconds or (self._container_seconds if alone else None), self.fps)

    @property
    def _tagged_seconds(self) -> float | None:
        match = _CLOCK_TAG.match(self.stream.metadata.get("DURATION", ""))
        if match is None:
            return None
        # Matroska counts durations from time 0, not from the first frame.
        return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) - self._start_seconds

    @property
    def _container_seconds(self) -> float | None:
        duration = self._container.duration
        if duration is None or duration <= 0:
            return None
        return duration / av.time_base - (self._start_seconds if "matroska" in self.format else 0.0)

    @property
    def _start_seconds(self) -> float:
        return (self._container.start_time or 0) / av.time_base

    def packets(self) -> Iterator["Packet[VideoStream] | None"]:
        """Read the packets of the video stream, going on after faults; the last, empty or None, drains the decoder."""
        failures = end = 0
        while failures < _MOST_READ_FAILURES:
            try:
                for packet in self._container.demux(self.stream):
                    failures, end = 0, max(end, (packet.pos or 0) + packet.size)
                    yield packet
            except av.FFmpegError as error:
                failures += 1
                self.read_fault = reason(error)
            else:
                self._note_unread(end)
                return
        yield None

    def _note_unread(self, end: int) -> None:
        # A fragmented mp4 has no header to promise anything, and FFmpeg ends it at the first broken fragment.
        fragmented = "mov" in self.format and self.stream.frames == 0
        if fragmented and self._container.size - end > max(_MOST_UNREAD_BYTES, _MOST_UNREAD * self._container.size):
            self.read_fault = self.read_fault or "the rest of the file cannot be read"

    def seek(self, timestamp: int) -> None:
        """Go to the last keyframe at or before a decoding time, in ticks of the stream.

        Raises:
            av.FFmpegError: the format cannot seek, or not there.
        """
        self._container.seek(timestamp, stream=self.stream)

    def close(self) -> None:
        """Close the file and end the decoder's threads; nothing can be asked of the container afterwards."""
        self._container.close()
        # PyAV ends a decoder's threads only when nothing refers to the decoder any more.
        del self._container, self.stream


def reason(error: av.FFmpegError) -> str:
    """Return FFmpeg's words for an error, without the file name and numbers around them."""
    return error.strerror or str(error)


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise VideoNotFoundError(f"{path}: expected a video file or a folder of images, got nothing at this path")
    if not path.is_file():
        raise VideoFormatError(f"{path}: expected a regular video file, got something else")
    if path.stat().st_size == 0:
        raise VideoFormatError(f"{path}: expected a video file, got an empty file (0 bytes)")
    try:
        # The "file:" prefix keeps a name with a colon from being read as a network protocol.
        container = av.open(f"file:{path.absolute()}", options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except av.FFmpegError as error:
        raise VideoFormatError(
            f"{path}: expected a video file, got a file that cannot be read as one: {reason(error)}"
        ) from error
    except OSError as error:
        raise VideoFormatError(f"{path}: expected a readable video file, got: {error.strerror}") from error
    if _REFUSED_FORMATS & set(container.format.name.split(",")):
        container.close()
        raise VideoFormatError(f"{path}: expected a video file, got {container.format.long_name}")
    return container


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    best = container.streams.best("video")
    if not streams:
        kinds = sorted({"a cover picture" if s.type == "video" else s.type for s in container.streams})
        raise VideoFormatError(f"{path}: expected a video stream, got {' and '.join(kinds) or 'no stream'} only")
    stream = next((s for s in streams if best is not None and s.index == best.index), streams[0])
    decoder: object = stream.codec_context
    if decoder is None:
        raise VideoFormatError(f"{path}: expected a codec that FFmpeg can decode, got an unknown one")
    return stream


def _usable_cores() -> int:
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
