"""A picture file: its pages or animation frames, their durations and sizes, and reading one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL.ImageFile import ImageFile

from tracker_service.errors import VideoFormatError
from tracker_service.video.pictures.picture_formats import FRAME_FORMATS, open_by_content
from tracker_service.video.pictures.rgb_pixels import Pixels, upright_rgb

_ORIENTATION = 0x0112
_TURNED_A_QUARTER = (5, 6, 7, 8)
_SUBFILE_TYPE, _REDUCED = 254, 1


class PictureFile:
    """An open picture file; a context manager.

    Args:
        path: the file.

    Raises:
        VideoFormatError: it cannot be read as a picture.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._stream = path.open("rb")
        except OSError as error:
            raise VideoFormatError(f"{path}: expected a file that can be read, got: {error.strerror}") from error
        try:
            self._picture: ImageFile = open_by_content(self._stream, str(path))
        except BaseException:
            self._stream.close()
            raise

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the current picture upright, as its header says."""
        picture = self._picture
        # TIFF files give the upright size; the EXIF block of a PNG may lie behind its pixels, which are not read here.
        if picture.format == "TIFF" or (picture.format == "PNG" and "exif" not in picture.info):
            return picture.size
        try:
            turned = picture.getexif().get(_ORIENTATION) in _TURNED_A_QUARTER
        except MemoryError:
            raise
        except Exception:  # damaged metadata does not make a picture unusable
            turned = False
        return picture.size[::-1] if turned else picture.size

    @property
    def count(self) -> int:
        """Pictures in the file."""
        with self._readable():
            return int(getattr(self._picture, "n_frames", 1))

    @property
    def holds_frames(self) -> bool:
        """Whether further pictures are frames or pages, not previews or other views of the first."""
        return self._picture.format in FRAME_FORMATS

    def frames(self) -> tuple[int, ...]:
        """Return which pictures of the file are its frames or pages; reduced copies (TIFF) are none."""
        if not self.holds_frames:
            return (0,)
        # An animated PNG may begin with a picture for programs that show no animations.
        numbers = range(bool(self._picture.info.get("default_image")) and self.count > 1, self.count)
        return tuple(number for number in numbers if not self._is_reduced(number)) or (0,)

    def duration(self, number: int) -> float:
        """Return how many seconds an animation shows a picture; 0 where the file does not say."""
        if self._picture.format == "TIFF":
            return 0.0
        with self._readable():
            self._picture.seek(number)
            if self._picture.format in ("WEBP", "AVIF"):
                self._picture.load()
            return float(self._picture.info.get("duration") or 0.0) / 1000

    def size_of(self, number: int) -> tuple[int, int]:
        """Return width and height of a picture upright."""
        with self._readable():
            self._picture.seek(number)
        return self.size

    def read(self, number: int) -> Pixels:
        """Decode a picture; in ascending order each is decoded once.

        Raises:
            VideoFormatError: it is damaged, ends too early, or has colours that cannot be converted.
        """
        with self._readable():
            if self._picture.tell() != number:
                self._picture.seek(number)
            self._picture.load()
            return upright_rgb(self._picture)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _is_reduced(self, number: int) -> bool:
        if self._picture.format != "TIFF":
            return False
        with self._readable():
            self._picture.seek(number)
            tags = getattr(self._picture, "tag_v2", {})
            return bool(tags.get(_SUBFILE_TYPE, 0) & _REDUCED)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            raise
        except Exception as error:  # Pillow's parsers raise whatever their parts raise on damaged data
            raise VideoFormatError(f"{self.path}: expected a complete picture, got damaged or missing data") from error
