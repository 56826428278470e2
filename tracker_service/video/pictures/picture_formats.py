"""The picture formats that are read: which, the names their files have, and opening a file by its content."""

from itertools import chain
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.ImageFile import ImageFile
from pillow_heif import HeifImageFile

from tracker_service.errors import VideoFormatError

# Without those that start another program (EPS) or hold no pixels. TGA has no signature, so it is tried last.
_SUFFIXES = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "PNG": ("png", "apng"),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "BMP": ("bmp",),
    "DIB": ("dib",),
    "GIF": ("gif",),
    "AVIF": ("avif", "avifs"),
    "HEIF": ("heic", "heif", "heics", "heifs", "hif"),
    "PPM": ("ppm", "pgm", "pbm", "pnm", "pfm"),
    "JPEG2000": ("jp2", "j2k", "jpc", "jpf", "jpx", "j2c"),
    "QOI": ("qoi",),
    "SGI": ("sgi", "rgb", "rgba", "bw"),
    "PCX": ("pcx",),
    "PSD": ("psd",),
    "TGA": ("tga", "icb", "vda", "vst"),
}
SUFFIXES = frozenset(f".{suffix}" for suffix in chain.from_iterable(_SUFFIXES.values()))
"""Suffixes of picture files."""

FRAME_FORMATS = frozenset({"PNG", "WEBP", "TIFF", "GIF", "AVIF"})
"""Formats whose pictures are the frames of an animation or the pages of a stack; others hold variants of one."""

VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in ("mp4", "mov", "mkv", "avi", "webm", "m4v", "mts", "m2ts", "ts", "mpg", "mpeg", "wmv", "flv", "3gp")
)
"""Usual suffixes of video files: what a folder without pictures may hold."""

MOST_PIXELS = 2**28
"""A header that names more pixels than that is not believed."""

_SIGNATURE = 16
_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif"})
"""Major brands of ISO media files that hold pictures (ISO/IEC 23008-12); those of image sequences are videos."""


def is_picture(path: Path) -> bool:
    """Tell whether a file given alone is read as a picture, by its name.

    FFmpeg reads a GIF as the video that it is. HEIC and AVIF pictures are recognised whatever they are called: FFmpeg
    would take them for videos and show one tile.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        return False
    return (suffix in SUFFIXES and suffix != ".gif") or _is_coded_picture(path)


def open_by_content(stream: IO[bytes], name: str) -> ImageFile:
    """Open a picture by what it holds, whatever its name is; its pixels are not decoded yet.

    Args:
        stream: the file, which the picture keeps using.
        name: of the file, for errors.

    Raises:
        VideoFormatError: it is no picture that can be read, or names too many pixels.
    """
    Image.init()
    signature = stream.read(_SIGNATURE)
    for kind in _SUFFIXES:
        opener, accepts = (HeifImageFile, None) if kind == "HEIF" else Image.OPEN[kind]
        try:
            if accepts is not None and accepts(signature) is not True:
                continue
            stream.seek(0)
            # Not `Image.open`: it applies a size limit of the whole process, and warns.
            picture = opener(stream, name)
        except MemoryError:
            raise
        except Exception:  # noqa: S112 - the parsers raise whatever their parts raise on other formats and damaged data
            continue
        if picture.width * picture.height > MOST_PIXELS:
            raise VideoFormatError(
                f"{name}: expected at most {MOST_PIXELS} pixels, got {picture.width}x{picture.height}"
            )
        return picture
    raise VideoFormatError(f"{name}: expected a picture, got a file that cannot be read as one")


def _is_coded_picture(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            signature = stream.read(_SIGNATURE)
    except OSError:
        return False
    return signature[4:8] == b"ftyp" and signature[8:12] in _PICTURE_BRANDS
