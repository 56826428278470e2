"""What a folder holds: its pictures in natural order, and what is left out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tracker_service.errors import VideoFormatError
from tracker_service.types.shown_text import on_one_line
from tracker_service.video.pictures.picture_formats import SUFFIXES, VIDEO_SUFFIXES
from tracker_service.video.pictures.sequence_info import SEQUENCE_FILE

_WRITTEN_BY_SYSTEMS = frozenset({SEQUENCE_FILE, "thumbs.db", "desktop.ini"})
_NAMED = 3


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What is directly in a folder, hidden files left out, each in natural order of the names.

    Attributes:
        pictures: files with the name of a picture.
        videos: files with the name of a video.
        others: further files.
        folders: folders in it.
    """

    pictures: tuple[Path, ...]
    videos: tuple[Path, ...]
    others: tuple[Path, ...]
    folders: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path) -> "FolderListing":
        """List a folder.

        Raises:
            VideoFormatError: it cannot be read.
        """
        kinds: dict[str, list[Path]] = {"pictures": [], "videos": [], "others": [], "folders": []}
        try:
            for path in folder.iterdir():
                if not path.name.startswith(".") and path.name.lower() not in _WRITTEN_BY_SYSTEMS:
                    kinds[_kind(path)].append(path)
        except OSError as error:
            raise VideoFormatError(f"{folder}: expected a folder that can be read, got: {error.strerror}") from error
        return cls(**{kind: _ordered(paths) for kind, paths in kinds.items()})

    def check(self, folder: Path) -> None:
        """Refuse a folder without pictures and say what it holds instead.

        Raises:
            VideoFormatError: there is no picture.
        """
        if self.pictures:
            return
        if self.videos:
            got, advice = f"{counted(self.videos, 'video')}", "give each video as a source of its own"
        elif self.folders:
            got, advice = f"{counted(self.folders, 'folder')}", "give the folder that holds the images"
        else:
            got, advice = "none in it", f"images have the suffixes {', '.join(sorted(s[1:] for s in SUFFIXES))}"
        raise VideoFormatError(f"{folder}: expected a folder of images, got {got}; {advice}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each kind of file that is left out beside the pictures."""
        left_out = (("video", self.videos), ("other file", self.others), ("folder", self.folders))
        return tuple(f"left out of the folder of images: {counted(paths, kind)}" for kind, paths in left_out if paths)


def counted(paths: Iterable[Path], kind: str) -> str:
    """Return how many there are and the first names: ``2 videos (a.mp4, b.mp4)``."""
    names = [on_one_line(path.name) for path in paths]
    first = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return f"{len(names)} {kind}{'' if len(names) == 1 else 's'} ({first})"


def natural_order(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a sort key in which runs of digits count as numbers: frame9 comes before frame10."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)


def _kind(path: Path) -> str:
    if path.is_dir():
        return "folders"
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return "pictures"
    return "videos" if path.suffix.lower() in VIDEO_SUFFIXES else "others"


def _ordered(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: (natural_order(path.name), path.name)))
