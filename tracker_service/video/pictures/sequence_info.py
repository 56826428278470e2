"""``seqinfo.ini``: what a sequence folder of the MOTChallenge says about its images (``imDir``, ``frameRate``)."""

from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path

from tracker_service.errors import VideoFormatError

SEQUENCE_FILE = "seqinfo.ini"
_SECTION = "Sequence"
_IMAGES = "img1"


@dataclass(frozen=True, slots=True)
class SequenceInfo:
    """What is known about a sequence of images.

    Attributes:
        images: the folder that holds them.
        rate: frames a second, None where nothing tells.
    """

    images: Path
    rate: float | None = None


def sequence_of(folder: Path) -> SequenceInfo:
    """Return where the images of a folder are, and their rate.

    Args:
        folder: a sequence folder (with ``seqinfo.ini`` or ``img1``), its folder of images, or any other folder.

    Raises:
        VideoFormatError: ``seqinfo.ini`` cannot be read, its rate cannot be used, or its folder is not there.
    """
    if (folder / SEQUENCE_FILE).is_file():
        return _described(folder)
    whole = folder.resolve()
    if (whole.parent / SEQUENCE_FILE).is_file():
        described = _described(whole.parent)
        if described.images == whole:
            return SequenceInfo(folder, described.rate)
    return SequenceInfo(folder)


def images_beside(folder: Path) -> Path | None:
    """Return the folder ``img1`` in a folder, None where there is none."""
    images = folder / _IMAGES
    return images if images.is_dir() else None


def _described(folder: Path) -> SequenceInfo:
    path = folder / SEQUENCE_FILE
    values = ConfigParser(interpolation=None)
    try:
        values.read_string(path.read_text(encoding="utf-8-sig"))
    except (Error, OSError, ValueError) as error:
        raise VideoFormatError(
            f"{path}: expected a section [{_SECTION}] of settings, got {' '.join(str(error).split())}"
        ) from error
    name = values.get(_SECTION, "imDir", fallback=_IMAGES).strip()
    images = folder / name
    if Path(name).name != name or not images.is_dir():
        raise VideoFormatError(f"{path}: expected imDir to name a folder beside it, got {name!r}")
    text = values.get(_SECTION, "frameRate", fallback="").strip()
    try:
        rate = float(text) if text else None
    except ValueError:
        rate = 0.0
    if rate is not None and not 0 < rate <= 1000:
        raise VideoFormatError(f"{path}: expected a frameRate of more than 0 and at most 1000, got {text!r}")
    return SequenceInfo(images, rate)
