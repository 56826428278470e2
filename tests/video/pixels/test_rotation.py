import struct
from pathlib import Path

import numpy as np
import pytest

from tests.video.clips import HEIGHT, WIDTH, corner_image, write_clip
from tracker_service.types import UInt8
from tracker_service.video.pixels.orientation import Orientation
from tracker_service.video.source import open_source

COLORS = {"R": (220, 20, 20), "G": (20, 200, 20), "B": (20, 20, 220), "W": (230, 230, 230)}


def corners(image: UInt8) -> str:
    """Return the colours of the four quarters: top left, top right, bottom left, bottom right."""
    height, width = image.shape[:2]
    found = ""
    for y, x in ((1, 1), (1, 3), (3, 1), (3, 3)):
        pixel = image[height * y // 4, width * x // 4].astype(int)
        found += min(COLORS, key=lambda name: int(np.abs(pixel - COLORS[name]).sum()))
    return found


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
@pytest.mark.parametrize(
    ("rotation", "mirrored", "expected"),
    [
        (0, False, "RGBW"),
        (90, False, "GWRB"),
        (180, False, "WBGR"),
        (-90, False, "BRWG"),
        (0, True, "GRWB"),
        (90, True, "WGBR"),
        (180, True, "BWRG"),
        (-90, True, "RBGW"),
    ],
)
def test_frames_are_turned_upright(tmp_path: Path, suffix: str, rotation: int, mirrored: bool, expected: str) -> None:
    path = write_clip(tmp_path / f"turned.{suffix}", 3, draw=corner_image, rotation=rotation, mirrored=mirrored)
    with open_source(path) as source:
        images = [frame.image for frame in source]
        info = source.info
    assert [corners(image) for image in images] == [expected] * 3
    assert (info.width, info.height) == ((HEIGHT, WIDTH) if rotation in (90, -90) else (WIDTH, HEIGHT))
    assert images[0].shape == (info.height, info.width, 3)
    assert images[0].flags.c_contiguous


def test_phone_clip_whose_track_header_alone_says_so_is_upright(tmp_path: Path) -> None:
    # What a phone held upright writes: landscape pixels and a quarter turn clockwise in the track header's matrix.
    path = write_clip(tmp_path / "phone.mov", 3, draw=corner_image)
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    assert struct.unpack_from(">9i", data, place)[0] == 1 << 16
    struct.pack_into(">9i", data, place, 0, 1 << 16, 0, -(1 << 16), 0, 0, HEIGHT << 16, 0, 1 << 30)
    path.write_bytes(data)
    with open_source(path) as source:
        frame = next(iter(source))
        assert (source.info.width, source.info.height) == (HEIGHT, WIDTH)
    assert corners(frame.image) == "BRWG"


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 0, 0), Orientation()),
        ((65000, 3000, 0, -3000, 65000, 0, 0, 0, 1 << 30), Orientation()),
        ((3000, 65000, 0, -65000, 3000, 0, 0, 0, 1 << 30), Orientation(transposed=True, mirrored_x=True)),
    ],
    ids=["degenerate", "slightly turned", "nearly a quarter turn"],
)
def test_display_matrix_is_rounded_to_quarter_turns(matrix: tuple[int, ...], expected: Orientation) -> None:
    assert Orientation.from_display_matrix(matrix) == expected
