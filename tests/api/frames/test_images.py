"""Sent images: what is decoded to what, and what is refused."""

import atexit
import io
import math
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.hostile_files import progressive_jpeg
from tests.api import pictures
from tests.video.pictures.tiled_heic import TILE, write_tiled_heic
from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.images.decoder.decoder import Decoder
from tracker_service.api.images.image_header import MOST_SCANS, ImageHeader
from tracker_service.errors import ImageError, ImageFormatError, ImageTooLargeError, UnsupportedImageError
from tracker_service.types import UInt8
from tracker_service.types.calibration import FocalSource

MOST_PIXELS = 50_000_000


@cache
def decoder() -> Decoder:
    """One process for all images of this file, as in the service."""
    started = Decoder(MOST_PIXELS)
    atexit.register(started.kill)
    return started


def decoded(data: bytes) -> DecodedImage:
    return decoder().decode(data, ImageHeader.read(data, most_pixels=MOST_PIXELS), lambda image: image)


def decode(data: bytes) -> UInt8:
    return decoded(data).pixels


def test_a_png_comes_back_as_it_was() -> None:
    image = pictures.sample_image()
    np.testing.assert_array_equal(decode(pictures.saved(Image.fromarray(image), "PNG")), image)


def test_a_jpeg_is_decoded_as_opencv_does() -> None:
    data = pictures.sample_jpegs(1)[0]
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert expected is not None
    assert np.abs(decode(data).astype(int) - expected[..., ::-1]).max() <= 2


@pytest.mark.parametrize(
    ("data", "mean_difference"),
    [
        (pictures.converted("RGBA", "PNG"), 0),
        (pictures.deep_colour_png(), 0),
        (pictures.turned_by_exif(), 3),
        (pictures.converted("CMYK", "JPEG"), 5),
        (pictures.converted("P", "PNG"), 20),
    ],
    ids=["alpha", "16-bit colour", "exif rotation", "cmyk", "palette"],
)
def test_other_colour_modes_give_the_same_image(data: bytes, mean_difference: int) -> None:
    image, expected = decode(data), pictures.sample_image()
    assert image.dtype == np.uint8
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() <= mean_difference


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("JPEG", "CMYK")])
def test_the_focal_length_that_a_camera_wrote_comes_along(kind: str, mode: str) -> None:
    focal = decoded(pictures.taken_with(26, kind=kind, mode=mode)).focal
    assert focal is not None
    assert focal.source is FocalSource.METADATA
    assert focal.pixels == pytest.approx(26 / math.hypot(36, 24) * math.hypot(1280, 720))


def test_images_that_do_not_say_their_focal_length_have_none() -> None:
    for data in (pictures.sample_jpegs(1)[0], pictures.taken_with(0), pictures.taken_with(60000)):
        assert decoded(data).focal is None


@pytest.mark.parametrize(
    "data",
    [
        pictures.converted("L", "PNG"),
        pictures.converted("L", "JPEG"),
        pictures.converted("LA", "PNG"),
        pictures.deep_png(),
    ],
    ids=["grey png", "grey jpeg", "grey with alpha", "16-bit grey"],
)
def test_grey_pictures_become_three_equal_channels(data: bytes) -> None:
    image = decode(data)
    expected = np.asarray(Image.fromarray(pictures.sample_image()).convert("L")).astype(int)
    assert np.abs(image - expected[..., None]).mean() <= 3
    assert (image[..., 0] == image[..., 2]).all()


def test_black_and_white_becomes_black_and_white() -> None:
    checks = Image.fromarray(np.indices((16, 16)).sum(axis=0) % 2 == 1)
    assert set(np.unique(decode(pictures.saved(checks, "PNG")))) == {0, 255}


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_images_one_pixel_wide_or_high_are_decoded(size: tuple[int, int]) -> None:
    assert decode(pictures.saved(Image.new("RGB", size), "PNG")).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_put_upright(orientation: int) -> None:
    upright = Image.fromarray(np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10)
    stored = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode(pictures.saved(stored, "PNG", exif=exif)), np.asarray(upright))


def _gif() -> bytes:
    return pictures.saved(Image.new("RGB", (8, 8)), "GIF")


def _tiled_heic() -> bytes:
    with TemporaryDirectory() as folder:
        return write_tiled_heic(Path(folder) / "a.heic", np.zeros((TILE, 2 * TILE, 3), np.uint8)).read_bytes()


JPEG = pictures.sample_jpegs(1)[0]
PNG = pictures.saved(Image.fromarray(pictures.sample_image()), "PNG")


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", ImageFormatError, "0 bytes that are no image"),
        (b"hello", ImageFormatError, "5 bytes that are no image"),
        (_gif(), UnsupportedImageError, "got GIF"),
        (pictures.saved(Image.new("RGB", (8, 8)), "WEBP"), UnsupportedImageError, "got WebP"),
        (pictures.saved(Image.new("RGB", (8, 8)), "BMP"), UnsupportedImageError, "got BMP"),
        (pictures.saved(Image.new("RGB", (8, 8)), "TIFF"), UnsupportedImageError, "got TIFF"),
        (pictures.saved(Image.new("RGB", (8, 8)), "AVIF"), UnsupportedImageError, "got HEIF, AVIF or MP4"),
        (_tiled_heic(), UnsupportedImageError, "got HEIF, AVIF or MP4"),
        (pictures.bomb(), ImageTooLargeError, "at most 50000000 pixels, got 20000x20000"),
        (JPEG[:200], ImageFormatError, "damaged"),
        (JPEG[: len(JPEG) // 2], ImageFormatError, "damaged or missing data"),
        (PNG[: len(PNG) // 2], ImageFormatError, "damaged or missing data"),
        (PNG[:16], ImageFormatError, "damaged header"),
        (PNG[:20000] + bytes(1000) + PNG[21000:], ImageFormatError, "damaged or missing data"),
    ],
)
def test_an_unusable_image_is_refused_in_one_line(data: bytes, error: type[ImageError], message: str) -> None:
    with pytest.raises(error) as caught:
        decode(data)
    assert type(caught.value) is error
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_exif_block_does_not_make_a_picture_unusable() -> None:
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\xee" * 40
    data = pictures.saved(Image.new("RGB", (8, 6)), "JPEG", exif=exif)
    assert decode(data).shape == (6, 8, 3)


@settings(max_examples=150)
@given(st.data())
def test_flipped_bytes_give_an_image_or_an_image_error(data: st.DataObject) -> None:
    small = Image.fromarray(pictures.sample_image()[::20, ::20].copy())
    kind = data.draw(st.sampled_from(["JPEG", "PNG"]))
    stream = io.BytesIO()
    small.save(stream, kind)
    damaged = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(damaged))
    except ImageError:
        return
    assert image.ndim == 3
    assert image.shape[2] == 3


def test_a_jpeg_of_many_scans_is_refused_by_its_header() -> None:
    data = progressive_jpeg(64, 48, scans=MOST_SCANS + 1)
    with pytest.raises(ImageFormatError, match="at most 100 scans, got 101"):
        ImageHeader.read(data, most_pixels=MOST_PIXELS)
    assert decode(progressive_jpeg(64, 48, scans=MOST_SCANS)).shape == (48, 64, 3)
