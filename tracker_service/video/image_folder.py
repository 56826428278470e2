"""Frames from a folder of images in natural order."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from tracker_service.errors import VideoError, VideoFormatError, VideoRangeError
from tracker_service.types import Frame, UInt8
from tracker_service.video.frame_source import FrameSource, VideoInfo
from tracker_service.video.position import Selection

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


def natural_order(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a sort key in which runs of digits count as numbers: frame9 comes before frame10."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)


def is_image(path: Path) -> bool:
    """Tell whether a path has the name of an image and is a file."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def list_images(folder: Path) -> tuple[Path, ...]:
    """Return the images directly in a folder, in natural order of their names; hidden files are left out."""
    files = (file for file in folder.iterdir() if is_image(file) and not file.name.startswith("."))
    return tuple(sorted(files, key=lambda file: (natural_order(file.name), file.name)))


class ImageFolderSource(FrameSource):
    """Images of a folder as frames; frame n is the n-th image, also where an image before it cannot be read.

    Args:
        folder: an existing folder, or a single image.
        selection: the frames to deliver.
        fps: frames a second that the images are taken to have.

    Raises:
        VideoFormatError: the folder has no image, or none that can be read.
        VideoRangeError: the selection holds no image.
    """

    def __init__(self, folder: Path, selection: Selection, fps: float) -> None:
        images = list_images(folder) if folder.is_dir() else (folder,)
        if not images:
            expected = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
            raise VideoFormatError(f"{folder}: expected a folder of images ({expected}), got none in it")
        numbers = [
            n for n in range(len(images)) if selection.begins_by(n, n / fps) and not selection.ends_by(n, n / fps)
        ]
        if not numbers:
            raise VideoRangeError(
                f"{folder}: expected a range that holds a frame of its {len(images)}, got {selection}"
            )
        self._folder, self._fps = folder, fps
        self._waiting = [(number, images[number]) for number in reversed(numbers)]
        self._unreadable: list[str] = []
        self._iterated = self._closed = False
        self._size: tuple[int, int] | None = None
        self._first = self._next()
        if self._first is None:
            raise VideoFormatError(f"{folder}: expected images, got none that can be read among {len(numbers)}")
        height, width = self._first.image.shape[:2]
        name = folder.resolve()
        self._info = VideoInfo(
            name.name if folder.is_dir() else name.stem, width, height, fps, len(numbers), len(images) / fps, "images"
        )

    @property
    def info(self) -> VideoInfo:
        """Size, rate and length of the folder."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line if some images could not be read."""
        if not self._unreadable:
            return ()
        return (f"{len(self._unreadable)} images cannot be read and were left out, the first is {self._unreadable[0]}",)

    def __iter__(self) -> Iterator[Frame]:
        """Give the images as frames.

        Raises:
            VideoFormatError: an image has another size than the first one.
            VideoError: the source has been closed, or has been iterated before.
        """
        if self._iterated:
            raise VideoError(f"{self._folder}: expected to be read once, got a second iteration")
        self._iterated = True
        frame, self._first = self._first, None
        while frame is not None:
            if self._closed:
                raise VideoError(f"{self._folder}: expected an open source, got a closed one")
            yield frame
            frame = self._next()

    def close(self) -> None:
        """Forget the images that were not read."""
        self._closed = True
        self._first = None

    def _next(self) -> Frame | None:
        while self._waiting:
            number, path = self._waiting.pop()
            image = _read(path)
            if image is None:
                self._unreadable.append(path.name)
                continue
            height, width = image.shape[:2]
            self._size = self._size or (width, height)
            if (width, height) != self._size:
                expected = f"{self._size[0]}x{self._size[1]}"
                raise VideoFormatError(f"{path}: expected the first image's size {expected}, got {width}x{height}")
            return Frame(number, number / self._fps, image)
        return None


def _read(path: Path) -> UInt8 | None:
    data = np.frombuffer(path.read_bytes(), np.uint8)
    if len(data) == 0:
        return None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)
