"""Images to post: good ones, odd ones, and dangerous ones."""

import io
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"


def base64_of(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def decoded(video: Path) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def jpeg_of(image: NDArray[np.uint8], quality: int = 85) -> bytes:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


@cache
def sample_jpegs(frames: int) -> tuple[bytes, ...]:
    """The first frames of the sample clip."""
    return tuple(jpeg_of(image) for image in islice(decoded(SAMPLE), frames))


@cache
def sample_image() -> NDArray[np.uint8]:
    return next(decoded(SAMPLE))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    if kind == "PNG":
        options = {"compress_level": 1, **options}  # any level is as good a picture; this one is made at once
    image.save(stream, kind, **options)
    return stream.getvalue()


@cache
def converted(mode: str, kind: str) -> bytes:
    """The sample's first frame in another colour mode."""
    return saved(Image.fromarray(sample_image()).convert(mode), kind)


def turned_by_exif() -> bytes:
    """The sample's first frame stored lying on its side, with the orientation that puts it upright."""
    lying = Image.fromarray(np.rot90(sample_image()).copy())
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    return saved(lying, "JPEG", exif=exif, quality=90)


def taken_with(millimetres: int, *, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """The sample's first frame with the focal length that a camera with 35 mm film would have."""
    exif = Image.Exif()
    exif[0x010F] = "maker"  # Pillow writes no data of parts alone into a PNG
    exif.get_ifd(0x8769)[0xA405] = millimetres
    return saved(Image.fromarray(sample_image()).convert(mode), kind, exif=exif)


@cache
def deep_png() -> bytes:
    """16 bits a channel, grey."""
    grey = np.asarray(Image.fromarray(sample_image()).convert("L")).astype(np.uint16)
    return saved(Image.fromarray(grey * 257), "PNG")


@cache
def deep_colour_png() -> bytes:
    """16 bits a channel, colour."""
    deep = (sample_image().astype(np.uint16) * 257)[..., ::-1]
    _, data = cv2.imencode(".png", np.ascontiguousarray(deep), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


@cache
def bomb(side: int = 20_000) -> bytes:
    """A small PNG that unpacks to ``side`` x ``side`` pixels."""
    rows = zlib.compress(bytes((1 + side // 8) * side), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
