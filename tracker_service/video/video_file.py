"""Frames from a video file, decoded with PyAV as they are asked for."""

import math
from collections.abc import Generator, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import av
from av.video.frame import PictureType, VideoFrame

from tracker_service.errors import VideoError, VideoFormatError, VideoRangeError
from tracker_service.types import Frame
from tracker_service.video.clock import PresentationClock
from tracker_service.video.container import VideoContainer
from tracker_service.video.damage import DamageReport
from tracker_service.video.decoding import decoded_frames
from tracker_service.video.display.growing import largest_keyframe, sizes_differ
from tracker_service.video.display.shown_pictures import ShownPictures
from tracker_service.video.frame_source import FrameSource, VideoInfo
from tracker_service.video.packet_index import PacketIndex, can_be_indexed
from tracker_service.video.pixels.rgb import RgbConverter
from tracker_service.video.position import Position, Selection
from tracker_service.video.video_parameters import VideoParameters

_SEEK_MARGINS = (0.0, 1.0, 10.0)
"""Seconds to seek further back, in turn: a keyframe may be stored before a frame and yet be shown after it."""


class VideoFileSource(FrameSource):
    """Frames of a video file.

    A start inside the file is reached by seeking to the keyframe before it where the frame numbers can be counted from
    the packets, else by decoding from the beginning; so the numbers are always those of the whole file.

    Args:
        path: the file.
        selection: the frames to deliver.
        threads: of the decoder, as ``decoder_threads`` of `VideoParameters`.
        start_time: timestamp of the frame at the selection's start, None where it is not known; it is sought there and
            nowhere else.
        stream, decoder: as `VideoParameters` have them.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: not a video, no video stream, unknown codec, or no frame can be decoded.
        VideoRangeError: the selection holds no frame.
    """

    def __init__(
        self,
        path: Path,
        selection: Selection,
        threads: int = VideoParameters.decoder_threads,
        start_time: float | None = None,
        stream: int = VideoParameters.stream,
        decoder: str = VideoParameters.decoder,
    ) -> None:
        self._path, self._selection, self._threads, self._stream = path, selection, threads, stream
        self._start_time, self._decoder = start_time, decoder
        self._lock = Lock()
        self._closed = self._iterated = False
        self._damage = DamageReport()
        self._container = VideoContainer(path, threads, stream, decoder)
        self._pictures: ShownPictures | None = None
        notes = self._container.streams_note, self._container.decoder_note
        self._notes = [note for note in notes if note is not None]
        try:
            self._frames = self._selected_frames()
            first = next(self._frames)
            self._info = self._describe(first)
        except BaseException:
            self._container.close()
            raise
        self._first: Frame | None = first

    @property
    def info(self) -> VideoInfo:
        """Size, rate and length of the file."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was chosen and changed, damage met so far, and whether the file ended before its header says."""
        notes = () if self._pictures is None else self._pictures.notes
        return (*self._notes, *notes, *self._damage.warnings)

    @property
    def damaged(self) -> bool:
        """Tell whether damage was met, or frames of several sizes."""
        return bool(self._damage.warnings)

    def __iter__(self) -> Iterator[Frame]:
        """Give the selected frames.

        Raises:
            VideoError: the source has been closed, or has been iterated before.
        """
        if self._iterated:
            raise VideoError(f"{self._path}: expected to be read once, got a second iteration")
        self._iterated = True
        frame, self._first = self._first or self._next(), None
        while frame is not None:
            yield frame
            frame = self._next()

    def close(self) -> None:
        """Close the file; a frame being decoded in another thread is finished first."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._first = None
                self._frames.close()
                self._container.close()

    def _describe(self, first: Frame) -> VideoInfo:
        container = self._container
        width, height = first.picture.size
        estimate = self._selection.estimate(self._counted or container.frames_estimate, container.fps)
        return VideoInfo(self._path.stem, width, height, container.fps, estimate, container.duration, container.codec)

    def _next(self) -> Frame | None:
        # FFmpeg crashes if a container is closed while another thread decodes from it.
        with self._lock:
            if self._closed:
                raise VideoError(f"{self._path}: expected an open source, got a closed one")
            return next(self._frames, None)

    def _selected_frames(self) -> Generator[Frame, None, None]:
        """Give the selected frames; the first step raises if there is none."""
        number, origin, frames = self._reach_start()
        container, selection = self._container, self._selection
        self._pictures = pictures = ShownPictures(container)
        clock = self._clock(origin)
        timestamp: float | None = None
        rgb: RgbConverter | None = None
        for frame in pictures.of(frames):
            previous, timestamp = timestamp, clock.time_of(frame)
            if selection.ends_by(number, timestamp):
                if rgb is None:
                    where = f"frame {number} is at {timestamp:.3f} s"
                    raise VideoRangeError(f"{self._path}: expected an end after the start, got {selection} ({where})")
                return
            if previous is not None:
                self._damage.note_gap(number, previous, timestamp, container.fps)
            if selection.begins_by(number, timestamp):
                rgb = rgb or RgbConverter(frame, self._size(frame, pictures))
                self._note_size(rgb, frame, number)
                yield Frame(number, timestamp, rgb.picture(frame))
            number += 1
        if rgb is None:
            raise self._nothing_selected(number, timestamp)
        self._damage.note_end(container.stated_length, number, clock.end, container.read_fault)

    def _nothing_selected(self, frames: int, last: float | None) -> VideoError:
        if last is not None:
            return self._outside(frames, last)
        fault = self._damage.last_fault or self._container.read_fault or "the file ends before the first one"
        return VideoFormatError(f"{self._path}: expected a video that can be decoded, got none of its frames: {fault}")

    def _outside(self, frames: int, last: float) -> VideoRangeError:
        held = f"{frames} frames (the last at {last:.3f} s)"
        return VideoRangeError(f"{self._path}: expected a range that holds some of its {held}, got {self._selection}")

    def _clock(self, origin: int | None) -> PresentationClock:
        container = self._container
        return PresentationClock(container.fps, container.time_base, origin, decoding_order=container.format == "avi")

    def _size(self, first: VideoFrame, pictures: ShownPictures) -> tuple[int, int]:
        """Return the size of all frames: the first one's, or the larger one that a file which starts small grows to."""
        size, stated = (first.width, first.height), pictures.shown_size(*self._container.stated_size)
        if math.prod(stated) <= math.prod(size) and not sizes_differ(self._path, self._stream):
            return size
        later = pictures.shown_size(*largest_keyframe(self._path, self._stream))
        if math.prod(later) <= math.prod(size):
            return size
        sizes = f"{size[0]}x{size[1]}", f"{later[0]}x{later[1]}"
        self._notes.append("the video starts at {} and grows: all frames have its later size, {}".format(*sizes))
        return later

    def _note_size(self, rgb: RgbConverter, frame: VideoFrame, number: int) -> None:
        if not self._damage.resized and not rgb.fits(frame):
            size = f"{frame.width}x{frame.height}"
            self._damage.resized = (
                f"frame {number} is {size}: it and others of another size were scaled to {rgb.width}x{rgb.height}"
            )

    def _reach_start(self) -> tuple[int, int | None, Iterator[VideoFrame]]:
        """Return the number of the first frame to come, the timestamp of frame 0 if known, and the frames."""
        self._counted: int | None = None
        start = self._selection.start
        if start is not None and self._start_time is not None:
            return self._reach_known(start, self._start_time)
        if start is not None and (start.frame or start.seconds) and can_be_indexed(self._container):
            index = PacketIndex.read(self._container)
            if index is not None:
                self._counted = len(index)
                number = self._find(index, start)
                # The second try is for an interlaced keyframe, which needs the frame before it.
                for place in (number, max(number - 1, 0)):
                    sought = self._seek(index.seek_before(place), int(index.times[number]), int(index.times[0]))
                    if sought is not None:
                        return number - sought.early, int(index.times[0]), sought.frames
            self._reopen()
        return 0, None, decoded_frames(self._container, self._damage)

    def _reach_known(self, start: Position, seconds: float) -> tuple[int, int, Iterator[VideoFrame]]:
        """Seek to a frame whose time is known, without reading what lies before it."""
        first = next(decoded_frames(self._container, self._damage), None)
        if start.frame is not None and first is not None and first.pts is not None and can_be_indexed(self._container):
            hidden, time_base = self._damage.hidden_frames, float(self._container.time_base)
            ticks = first.pts + round(seconds / time_base)
            for margin in _SEEK_MARGINS:
                sought = self._seek(max(ticks - round(margin / time_base), first.pts), ticks, first.pts)
                if sought is not None:
                    self._damage.hidden_frames = hidden
                    return start.frame - sought.early, first.pts, sought.frames
        raise VideoRangeError(f"{self._path}: expected {start} at {seconds:.3f} s, found no such frame there")

    def _find(self, index: PacketIndex, start: Position) -> int:
        number = index.find(start)
        if number == len(index):
            raise self._outside(number, index.seconds(number - 1))
        return number

    def _seek(self, keyframe: int, ticks: int, first: int) -> "_Sought | None":
        self._reopen()
        with suppress(av.FFmpegError):
            self._container.seek(keyframe)
            return _from_keyframe(decoded_frames(self._container, self._damage), ticks, first)
        return None

    def _reopen(self) -> None:
        fresh = VideoContainer(self._path, self._threads, self._stream, self._decoder)
        self._container.close()
        self._container = fresh
        self._damage = DamageReport()


class _Sought(NamedTuple):
    """Frames from the one sought on, and ``early`` ones before it: deinterlacing looks at the frame before."""

    early: int
    frames: Iterator[VideoFrame]


def _from_keyframe(frames: Iterator[VideoFrame], ticks: int, first: int) -> _Sought | None:
    """Drop the frames before a timestamp, all but the last of them.

    Args:
        frames: from a keyframe on.
        ticks: the timestamp.
        first: that of the first frame of the file.

    Returns:
        None if the frame is not found, the first one is not decodable alone, or one before it is needed.
    """
    before: VideoFrame | None = None
    for place, frame in enumerate(frames):
        # A refresh point that is no intra frame is marked as a keyframe too, but decodes to fragments.
        if place == 0 and frame.pict_type != PictureType.I:
            return None
        if frame.pts is None or frame.pts > ticks:
            return None
        if frame.pts == ticks:
            if not frame.interlaced_frame:
                return _Sought(0, chain((frame,), frames))
            if before is not None:
                return _Sought(1, chain((before, frame), frames))
            return _Sought(0, chain((frame,), frames)) if ticks == first else None
        before = frame
    return None
