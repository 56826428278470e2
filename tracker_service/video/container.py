"""A media file as packets of its video stream, and what its header says about them."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream

from tracker_service.errors import VideoFormatError
from tracker_service.video.damage import StatedLength
from tracker_service.video.opening import find_video_stream, open_container, reason, video_streams
from tracker_service.video.video_parameters import VideoParameters

MOST_THREADS = 4
"""Upper bound of decoder threads that are chosen automatically: each holds frames of its own."""

_MOST_READ_FAILURES = 16
_MOST_UNREAD, _MOST_UNREAD_BYTES = 0.1, 64 * 1024
_UNKNOWN_RATE = 25.0
# Where a file states no rate FFmpeg gives the one of its clock, for instance Matroska's 1000 ticks a second.
_HIGHEST_RATE = 960.0
_PACKETS_FOR_RATE = 200
# FFmpeg's HEVC decoder can wait for ever on a damaged picture when several pictures are decoded at a time.
_CODECS_WITHOUT_FRAME_THREADS = frozenset({"hevc"})
_DURATION_IN_HEADER = ("matroska", "flv")
_CLOCK_TAG = re.compile(r"(\d+):(\d\d):(\d\d\.?\d*)")


class VideoContainer:
    """An opened media file, its video stream and a decoder for it.

    Args:
        path: an existing file.
        threads, wanted, decoder: as ``decoder_threads``, ``stream`` and ``decoder`` of `VideoParameters`.

    Attributes:
        path: the file.
        stream: PyAV's video stream.
        decoder_note: one line where another decoder was wanted than the one that decodes, else None.
        threads: decoder threads in use.
        stated_size: width and height that the header states, as stored, pixels; for streams without a header those
            that FFmpeg met while it looked into the first seconds.
        stated_ratio: width of a pixel divided by its height, as the container says; the codec's where it says nothing.
        fps: average frame rate, or the nominal one where no average is known.
        read_fault: FFmpeg's words for the latest fault of the container, or None.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: the file is empty, is not a video, has no video stream, or its codec is unknown.
    """

    def __init__(
        self,
        path: Path,
        threads: int = VideoParameters.decoder_threads,
        wanted: int = VideoParameters.stream,
        decoder: str = VideoParameters.decoder,
    ) -> None:
        self.path = path
        self._container, self.decoder_note = _opened(path, decoder)
        try:
            self.stream = find_video_stream(self._container, path, wanted)
            for stream in self._container.streams:
                if stream.index != self.stream.index:
                    stream.discard = Discard.all
            self.stream.thread_type = "SLICE" if self.codec in _CODECS_WITHOUT_FRAME_THREADS else "AUTO"
            self.threads = threads or min(_usable_cores(), MOST_THREADS)
            self.stream.codec_context.thread_count = self.threads
        except BaseException:
            self._container.close()
            raise
        self.fps = _stated_rate(self.stream) or _measured_rate(path, wanted)
        self.stated_size = (self.stream.codec_context.width, self.stream.codec_context.height)
        self.stated_ratio = self.stream.sample_aspect_ratio or Fraction(1)
        self.read_fault: str | None = None
        self._first_seconds: float | None = None

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
    def codec_ratio(self) -> Fraction:
        """Width of a pixel divided by its height, as the codec says at the moment; 1 where it says nothing."""
        return self.stream.codec_context.sample_aspect_ratio or Fraction(1)

    @property
    def streams_note(self) -> str | None:
        """One line about the choice among several video streams, None where there is none."""
        streams = video_streams(self._container)
        if len(streams) < 2:
            return None
        sizes = ", ".join(f"{number}: {stream.width}x{stream.height}" for number, stream in enumerate(streams))
        chosen = next(number for number, stream in enumerate(streams) if stream.index == self.stream.index)
        return f"the file has {len(streams)} video streams ({sizes}): {chosen} is read; video.stream chooses another"

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick of the stream's timestamps."""
        return self.stream.time_base or Fraction(1, av.time_base)

    @property
    def duration(self) -> float | None:
        """Seconds that the header states, or None."""
        stream = self.stream
        if stream.duration is not None and stream.duration > 0:
            return float(stream.duration * self.time_base)
        return self._tagged_seconds or self._container_seconds

    @property
    def frames_estimate(self) -> int | None:
        """Frames that the header states, counted or from the duration, or None."""
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
    def stated_length(self) -> StatedLength:
        """What the header says about the video stream alone, so that a file that ends early is noticed."""
        if self._counted_frames is not None:
            return StatedLength(self._counted_frames, self.duration, self.fps)
        # The container's own duration may be that of the sound, or be guessed from the file size.
        alone = len(self._container.streams) == 1 and any(name in self.format for name in _DURATION_IN_HEADER)
        return StatedLength(None, self._tagged_seconds or (self._container_seconds if alone else None), self.fps)

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
        start: int | None = self._container.start_time
        if start is not None:
            return start / av.time_base
        # FFmpeg cannot tell for clips of fewer frames than a decoder that reorders them holds back.
        return self._first_seconds or 0.0

    def packets(self) -> Iterator["Packet[VideoStream] | None"]:
        """Read the packets of the video stream, going on after faults; the last, empty or None, drains the decoder."""
        failures = end = 0
        while failures < _MOST_READ_FAILURES:
            try:
                for packet in self._container.demux(self.stream):
                    failures, end = 0, max(end, (packet.pos or 0) + packet.size)
                    if self._first_seconds is None and packet.pts is not None:
                        self._first_seconds = float(packet.pts * self.time_base)
                    yield packet
            except av.FFmpegError as error:
                failures += 1
                self.read_fault = reason(error)
            except IndexError:
                # PyAV stumbles over the first packet of a stream that begins in the middle of the file, once a stream.
                failures += 1
            else:
                self._note_unread(end)
                return
        yield None

    def _note_unread(self, end: int) -> None:
        # A fragmented mp4 states no length in its header, and FFmpeg ends it at the first broken fragment.
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


def _opened(path: Path, decoder: str) -> tuple[InputContainer, str | None]:
    if decoder == "cpu":
        return open_container(path), None
    try:
        return open_container(path, HWAccel("cuda", allow_software_fallback=True)), None
    except VideoFormatError as error:
        # Where the file is at fault and not the card, it cannot be opened without one either.
        container = open_container(path)
        why = str(error).rpartition(": ")[2]
        return container, f"video.decoder is {decoder}, but no card can be used ({why}): the CPU decodes"


def _usable_cores() -> int:
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _stated_rate(stream: VideoStream) -> float | None:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= _HIGHEST_RATE:
            return float(rate)
    return None


def _measured_rate(path: Path, wanted: int) -> float:
    """Return the average rate of the first frames, for files that state none: live recordings by web browsers."""
    times: list[float] = []
    with open_container(path) as container, suppress(av.FFmpegError):
        stream = find_video_stream(container, path, wanted)
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                times.append(float(packet.pts * packet.time_base))
            if len(times) == _PACKETS_FOR_RATE:
                break
    length = max(times) - min(times) if times else 0.0
    return min((len(times) - 1) / length, _HIGHEST_RATE) if length > 0 else _UNKNOWN_RATE
