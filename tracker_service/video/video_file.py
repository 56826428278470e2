"""Frames from a video file, decoded with PyAV as they are asked for."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from threading import Lock

import av
from av.video.frame import VideoFrame

from tracker_service.errors import VideoError, VideoFormatError, VideoRangeError
from tracker_service.types import Frame
from tracker_service.video.clock import PresentationClock
from tracker_service.video.container import VideoContainer
from tracker_service.video.damage import DamageReport
from tracker_service.video.decoding import decoded_frames
from tracker_service.video.frame_source import FrameSource, VideoInfo
from tracker_service.video.packet_index import PacketIndex, can_be_indexed
from tracker_service.video.position import Position, Selection
from tracker_service.video.rgb import RgbConverter


class VideoFileSource(FrameSource):
    """Frames of a video file.

    A start inside the file is reached by seeking to the keyframe before it where the packets tell the frame numbers,
    and by decoding from the beginning where they do not, so the numbers are always those of the whole file.

    Args:
        path: the file.
        selection: the frames to deliver.
        threads: decoder threads; 0 takes the cores, at most four.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: not a video, no video stream, unknown codec, or no frame can be decoded.
        VideoRangeError: the selection holds no frame.
    """

    def __init__(self, path: Path, selection: Selection, threads: int = 0) -> None:
        self._path, self._selection, self._threads = path, selection, threads
        self._lock = Lock()
        self._closed = self._iterated = False
        self._damage = DamageReport()
        self._container = VideoContainer(path, threads)
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
        """Damage met so far, and whether the file ended before its header says."""
        return self._damage.warnings

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
                self._container.close()

    def _describe(self, first: Frame) -> VideoInfo:
        container = self._container
        height, width = first.image.shape[:2]
        estimate = self._selection.estimate(container.frames_estimate, container.fps)
        return VideoInfo(self._path.stem, width, height, container.fps, estimate, container.duration, container.codec)

    def _next(self) -> Frame | None:
        # FFmpeg crashes if a container is closed while another thread decodes from it.
        with self._lock:
            if self._closed:
                raise VideoError(f"{self._path}: expected an open source, got a closed one")
            return next(self._frames, None)

    def _selected_frames(self) -> Iterator[Frame]:
        """Give the selected frames; the first step raises if there is none."""
        number, origin, frames = self._reach_start()
        clock, timestamp = self._clock(origin), 0.0
        rgb: RgbConverter | None = None
        for frame in frames:
            timestamp = clock.time_of(frame)
            if self._selection.ends_by(number, timestamp):
                break
            if self._selection.begins_by(number, timestamp):
                rgb = rgb or RgbConverter(frame)
                self._note_size(rgb, frame, number)
                yield Frame(number, timestamp, rgb.convert(frame))
            number += 1
        else:
            self._damage.end(self._container.promise, number, timestamp + clock.period, self._container.read_fault)
        if rgb is None:
            raise self._nothing_selected(number, timestamp)

    def _nothing_selected(self, frames: int, timestamp: float) -> VideoError:
        if frames == 0:
            lost = self._damage.last_fault or self._container.read_fault or "no frames"
            return VideoFormatError(
                f"{self._path}: expected a video that can be decoded, got none of its frames: {lost}"
            )
        return self._outside(frames, timestamp)

    def _outside(self, frames: int, last: float) -> VideoRangeError:
        held = f"{frames} frames (the last at {last:.3f} s)"
        return VideoRangeError(f"{self._path}: expected a range that holds some of its {held}, got {self._selection}")

    def _clock(self, origin: int | None) -> PresentationClock:
        container = self._container
        return PresentationClock(container.fps, container.time_base, origin, decoding_order=container.format == "avi")

    def _note_size(self, rgb: RgbConverter, frame: VideoFrame, number: int) -> None:
        if not self._damage.resized and not rgb.fits(frame):
            size = f"{frame.width}x{frame.height}"
            self._damage.resized = (
                f"frame {number} is {size}, unlike the first: it and others were scaled to the first one's size"
            )

    def _reach_start(self) -> tuple[int, int | None, Iterator[VideoFrame]]:
        """Return the number of the first frame to come, the timestamp of frame 0 if known, and the frames."""
        start = self._selection.start
        if start is not None and (start.frame or start.seconds) and can_be_indexed(self._container):
            index = PacketIndex.read(self._container)
            if index is not None:
                number = self._find(index, start)
                frames = self._seek(index, number)
                if frames is not None:
                    return number, int(index.times[0]), frames
            self._reopen()
        return 0, None, decoded_frames(self._container, self._damage)

    def _find(self, index: PacketIndex, start: Position) -> int:
        number = index.find(start)
        if number == len(index):
            raise self._outside(number, index.seconds(number - 1))
        return number

    def _seek(self, index: PacketIndex, number: int) -> Iterator[VideoFrame] | None:
        self._reopen()
        with suppress(av.FFmpegError):
            self._container.seek(index.seek_before(number))
            frames = decoded_frames(self._container, self._damage)
            for frame in frames:
                if frame.pts == index.times[number]:
                    return chain((frame,), frames)
                if frame.pts is None or frame.pts > index.times[number]:
                    break
        return None

    def _reopen(self) -> None:
        self._container.close()
        self._container = VideoContainer(self._path, self._threads)
        self._damage = DamageReport()
