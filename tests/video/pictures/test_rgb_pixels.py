"""Pixels as they are meant: palettes, transparency, deep grey values, CMYK."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.video.clips import HEIGHT, WIDTH, corner_image
from tracker_service.types import UInt8
from tracker_service.video.source import open_source

RAMP = np.tile(np.arange(WIDTH, dtype=np.float32) / (WIDTH - 1), (HEIGHT, 1))
"""From black to white."""


def read(path: Path) -> tuple[UInt8, tuple[str, ...]]:
    with open_source(path) as source:
        (frame,) = source
        return frame.image, source.warnings


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("grey16.png", (RAMP * 65535).astype(np.uint16)),
        ("grey16.tif", (RAMP * 65535).astype(np.uint16)),
        ("grey16.pgm", (RAMP * 65535).astype(np.uint16)),
        ("grey32.tif", (RAMP * 65535).astype(np.int32)),
        ("grey32_beyond.tif", (RAMP * 2_000_000).astype(np.int32)),
        ("float.tif", RAMP),
        ("float_beyond.tif", RAMP * 255),
    ],
)
def test_grey_values_of_more_than_8_bits_are_scaled(tmp_path: Path, name: str, values: np.ndarray) -> None:
    Image.fromarray(values).save(tmp_path / name)
    image, warnings = read(tmp_path / name)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(image - RAMP[..., None] * 255).max() <= 1
    assert warnings == ()


def test_colours_of_16_bits_are_scaled(tmp_path: Path) -> None:
    deep = corner_image().astype(np.uint16) * 257
    assert cv2.imwrite(str(tmp_path / "deep.png"), deep[..., ::-1])
    assert (read(tmp_path / "deep.png")[0] == corner_image()).all()


def test_not_a_number_is_black(tmp_path: Path) -> None:
    values = np.where(RAMP < 0.5, np.nan, RAMP).astype(np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    image, _ = read(tmp_path / "a.tif")
    assert (image[:, 0].max(), image[:, -1].min()) == (0, 255)


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_transparent_parts_are_shown_on_white_and_reported(tmp_path: Path, name: str) -> None:
    image = np.dstack([corner_image(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    image[:, : WIDTH // 2, 3] = 0
    image[:, -10:, 3] = 128
    Image.fromarray(image, "RGBA").save(tmp_path / name, lossless=True)
    shown, warnings = read(tmp_path / name)
    opaque = slice(WIDTH // 2, -10)
    assert (shown[:, : WIDTH // 2] == 255).all()
    assert (shown[:, opaque] == corner_image()[:, opaque]).all()
    assert np.abs(shown[:, -10:].astype(int) - (corner_image()[:, -10:].astype(int) + 255) / 2).max() <= 1
    assert warnings == (f"shown on white where transparent: 1 image ({name})",)


def test_an_opaque_alpha_channel_changes_nothing(tmp_path: Path) -> None:
    Image.fromarray(corner_image()).convert("RGBA").save(tmp_path / "a.png")
    shown, warnings = read(tmp_path / "a.png")
    assert (shown == corner_image()).all()
    assert warnings == ()


def test_a_palette_becomes_its_colours_and_its_transparent_entry_white(tmp_path: Path) -> None:
    picture = Image.fromarray(corner_image()).quantize(4)
    red = picture.getpixel((0, 0))
    picture.save(tmp_path / "plain.png")
    picture.save(tmp_path / "clear.png", transparency=red)
    plain, clear = read(tmp_path / "plain.png")[0], read(tmp_path / "clear.png")[0]
    assert np.abs(plain.astype(int) - corner_image()).max() <= 2
    assert (clear[0, 0] == 255).all()
    assert (clear[0, -1] == plain[0, -1]).all()


def test_cmyk_and_one_bit_pictures_are_converted(tmp_path: Path) -> None:
    Image.fromarray(corner_image()).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read(tmp_path / "a.jpg")[0].astype(int) - corner_image()).mean() < 3
    Image.fromarray(RAMP > 0.5).save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png")[0] == (RAMP > 0.5)[..., None] * 255).all()
