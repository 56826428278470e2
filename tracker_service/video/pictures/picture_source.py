"""Frames from a folder of images in natural order, or from the pages or animation frames of one picture file."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tracker_service.errors import VideoError, VideoFormatError, VideoRangeError
from tracker_service.types import ArrayPicture, Frame
from tracker_service.types.frames import USUAL_RATE
from tracker_service.video.frame_source import FrameSource, VideoInfo
from tracker_service.video.pictures.fitting import fitted, most_common_size
from tracker_service.video.pictures.folder_listing import FolderListing, counted
from tracker_service.video.pictures.picture_file import PictureFile
from tracker_service.video.pictures.sequence_info import images_beside, sequence_of
from tracker_service.video.position import Selection


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that becomes a frame.

    Attributes:
        path: its file.
        number: its number in the file.
        timestamp: seconds since the first one.
    """

    path: Path
    number: int
    timestamp: float


@dataclass(frozen=True, slots=True)
class PictureSequence:
    """The pictures of a source.

    Attributes:
        place: the folder or file.
        name: of the source.
        pictures: in the order of the frames.
        size: width and height that all frames get.
        duration: seconds.
        warnings: what was left out.
    """

    place: Path
    name: str
    pictures: tuple[Picture, ...]
    size: tuple[int, int]
    duration: float
    warnings: tuple[str, ...] = ()


def pictures_of_folder(folder: Path, rate: float | None) -> PictureSequence:
    """Return the images directly in a folder, or in the ``img1`` of a sequence folder (MOTChallenge).

    Args:
        folder: an existing folder.
        rate: frames a second; None takes that of ``seqinfo.ini``, else `USUAL_RATE`.

    Raises:
        VideoFormatError: it has no image, or none that can be read.
    """
    sequence = sequence_of(folder)
    images, listing = sequence.images, FolderListing.of(sequence.images)
    inner = images_beside(images)
    if not listing.pictures and inner is not None:
        images, listing = inner, FolderListing.of(inner)
    listing.check(images)
    fps = rate or sequence.rate or USUAL_RATE
    sizes = [size for size in map(_size, listing.pictures) if size is not None]
    if not sizes:
        raise VideoFormatError(f"{folder}: expected images, got none that can be read among {len(listing.pictures)}")
    pictures = tuple(Picture(path, 0, number / fps) for number, path in enumerate(listing.pictures))
    size, name = most_common_size(sizes), folder.resolve().name
    return PictureSequence(folder, name, pictures, size, len(pictures) / fps, listing.warnings)


def pictures_of_file(path: Path, rate: float | None) -> PictureSequence:
    """Return the frames of an animation, each shown as long as the file says, or the pages of a file; often one.

    Args:
        path: an existing picture file.
        rate: frames a second of pages that have no duration of their own; None takes `USUAL_RATE`.

    Raises:
        VideoFormatError: it cannot be read.
    """
    pictures, sizes, time = [], [], 0.0
    with PictureFile(path) as file:
        frames = file.frames()
        for number in frames:
            sizes.append(file.size_of(number))
            pictures.append(Picture(path, number, time))
            time += (file.duration(number) if len(frames) > 1 else 0.0) or 1 / (rate or USUAL_RATE)
    return PictureSequence(path, path.resolve().stem, tuple(pictures), most_common_size(sizes), time)


class PictureSource(FrameSource):
    """Pictures as frames; frame n is the n-th picture, also where a picture before it cannot be read.

    Args:
        sequence: the pictures.
        selection: the frames to deliver.

    Raises:
        VideoFormatError: none of them can be read.
        VideoRangeError: the selection holds no picture.
    """

    def __init__(self, sequence: PictureSequence, selection: Selection) -> None:
        place, total = sequence.place, len(sequence.pictures)
        selected = [
            (number, picture)
            for number, picture in enumerate(sequence.pictures)
            if selection.begins_by(number, picture.timestamp) and not selection.ends_by(number, picture.timestamp)
        ]
        if not selected:
            raise VideoRangeError(f"{place}: expected a range that holds a frame of its {total}, got {selection}")
        self._sequence = sequence
        self._waiting = selected[::-1]
        self._file: PictureFile | None = None
        self._noted: dict[str, list[Path]] = defaultdict(list)
        self._lock = Lock()
        self._iterated = self._closed = False
        self._first: Frame | None = self._next()
        if self._first is None:
            raise VideoFormatError(f"{place}: expected images, got none that can be read among {len(selected)}")
        width, height = sequence.size
        fps = total / sequence.duration
        self._info = VideoInfo(sequence.name, width, height, fps, len(selected), sequence.duration, "images")

    @property
    def info(self) -> VideoInfo:
        """Size, rate and length of the source."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out or changed so far, a line each with how many and the first names."""
        width, height = self._sequence.size
        texts = {
            "unreadable": "left out, damaged or no picture that can be read",
            "fitted": f"fitted into {width}x{height}, with black borders, being of another size",
            "transparent": "shown on white where transparent",
            "several": "only the first of several pictures taken",
        }
        noted = (f"{text}: {counted(self._noted[kind], 'image')}" for kind, text in texts.items() if self._noted[kind])
        return (*self._sequence.warnings, *noted)

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures as frames.

        Raises:
            VideoError: the source has been closed, or has been iterated before.
        """
        if self._iterated:
            raise VideoError(f"{self._sequence.place}: expected to be read once, got a second iteration")
        self._iterated = True
        frame, self._first = self._first or self._next(), None
        while frame is not None:
            yield frame
            frame = self._next()

    def close(self) -> None:
        """Close the file; a picture being decoded in another thread is finished first."""
        with self._lock:
            self._closed = True
            self._first = None
            self._close_file()

    def _next(self) -> Frame | None:
        with self._lock:
            if self._closed:
                raise VideoError(f"{self._sequence.place}: expected an open source, got a closed one")
            while self._waiting:
                number, picture = self._waiting.pop()
                try:
                    return self._read(number, picture)
                except VideoFormatError:
                    self._note("unreadable", picture.path, applies=True)
            self._close_file()
            return None

    def _read(self, number: int, picture: Picture) -> Frame:
        file = self._opened(picture.path)
        pixels = file.read(picture.number)
        height, width = pixels.image.shape[:2]
        self._note("fitted", picture.path, (width, height) != self._sequence.size)
        self._note("transparent", picture.path, pixels.transparent)
        return Frame(number, picture.timestamp, ArrayPicture(fitted(pixels.image, self._sequence.size)))

    def _opened(self, path: Path) -> PictureFile:
        """Return the file, kept open while pictures of the same one follow."""
        if self._file is None or self._file.path != path:
            self._close_file()
            self._file = PictureFile(path)
            alone = path == self._sequence.place and self._file.holds_frames
            self._note("several", path, self._file.count > 1 and not alone)
        return self._file

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note(self, kind: str, path: Path, applies: bool) -> None:
        if applies and self._noted[kind][-1:] != [path]:
            self._noted[kind].append(path)


def _size(path: Path) -> tuple[int, int] | None:
    try:
        with PictureFile(path) as file:
            return file.size
    except VideoFormatError:
        return None
