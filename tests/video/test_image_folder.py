import random
import struct
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.video.clips import HEIGHT, WIDTH, corner_image, index_image, read_index
from tracker_service.errors import SettingsError, VideoError, VideoFormatError, VideoRangeError
from tracker_service.types import UInt8
from tracker_service.video.pictures.folder_listing import natural_order
from tracker_service.video.source import open_source, parse_position


def write_image(path: Path, image: UInt8) -> None:
    kept, encoded = cv2.imencode(path.suffix.lower(), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert kept
    path.write_bytes(encoded.tobytes())


def fill(folder: Path, names: Iterable[str]) -> Path:
    """Write one image a name, which shows its place in the list."""
    folder.mkdir(exist_ok=True)
    numbered = list(enumerate(names))
    random.Random(0).shuffle(numbered)
    for number, name in numbered:
        write_image(folder / name, index_image(number))
    return folder


def test_images_come_in_natural_order_with_number_and_time(tmp_path: Path) -> None:
    names = ["frame1.png", "frame2.png", "Frame9.png", "frame10.png", "frame0100.png", "frame101.png"]
    with open_source(fill(tmp_path / "walk", names), image_rate=10.0) as source:
        frames = list(source)
        info = source.info
        assert source.warnings == ()
    assert [(frame.number, read_index(frame.image)) for frame in frames] == [(n, n) for n in range(6)]
    assert [frame.timestamp for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert (info.name, info.width, info.height, info.fps) == ("walk", WIDTH, HEIGHT, 10.0)
    assert (info.frames_estimate, info.codec) == (6, "images")
    assert info.duration == pytest.approx(0.6)


@pytest.mark.parametrize("suffix", ["jpg", "JPG", "jpeg", "png", "PNG", "bmp", "webp", "tif", "TIFF"])
def test_every_image_format_is_read_in_any_case(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path / "f", [f"{number:03d}.{suffix}" for number in range(4)])
    with open_source(tmp_path / "f") as source:
        assert [read_index(frame.image) for frame in source] == list(range(4))


def test_hidden_files_are_no_images_and_what_else_is_left_out_is_named(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", ["a.jpg", "b.jpg"])
    (folder / "notes.txt").write_text("no image")
    (folder / "._a.jpg").write_bytes(b"resource fork")
    (folder / "c.jpg").mkdir()
    with open_source(folder) as source:
        assert [read_index(frame.image) for frame in source] == [0, 1]
        assert source.warnings == (
            "left out of the folder of images: 1 other file (notes.txt)",
            "left out of the folder of images: 1 folder (c.jpg)",
        )


def test_trailing_slash_changes_nothing(tmp_path: Path) -> None:
    with open_source(f"{fill(tmp_path / 'walk', ['a.png'])}/") as source:
        assert source.info.name == "walk"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [("3", None, range(3, 8)), (None, "2", range(2)), ("0.25s", "0.5s", range(3, 5)), ("6", "99", range(6, 8))],
)
def test_range_selects_images_by_number_or_time(
    tmp_path: Path, start: str | None, end: str | None, expected: range
) -> None:
    folder = fill(tmp_path / "f", [f"{number}.png" for number in range(8)])
    first, last = (None if text is None else parse_position(text) for text in (start, end))
    with open_source(folder, start=first, end=last, image_rate=10.0) as source:
        assert source.info.frames_estimate == len(expected)
        assert [(frame.number, read_index(frame.image)) for frame in source] == [(n, n) for n in expected]


def test_range_without_an_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoRangeError, match="of its 2"):
        open_source(fill(tmp_path / "f", ["a.png", "b.png"]), start=parse_position("2"))


def test_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(VideoFormatError, match=r"expected a folder of images, got none in it; .* jpg,"):
        open_source(tmp_path)


def test_images_of_other_sizes_are_fitted_into_the_most_common_size_and_named(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", ["1.png", "2.png", "3.png", "4.png"])
    write_image(folder / "1.png", np.full((128, 64, 3), 200, np.uint8))
    write_image(folder / "4.png", index_image(3, WIDTH // 2, HEIGHT // 2))
    with open_source(folder) as source:
        assert (source.info.width, source.info.height) == (WIDTH, HEIGHT)
        tall, *same = [frame.image for frame in source]
        (warning,) = source.warnings
    # Twice as high as wide: the middle third, from top to bottom.
    inner = tall[:, WIDTH // 3 : WIDTH * 2 // 3]
    assert tall.shape == (HEIGHT, WIDTH, 3)
    assert (inner.min(), tall.sum()) == (200, inner.sum())
    assert [read_index(image) for image in same] == [1, 2, 3]
    assert warning == "fitted into 96x64, with black borders, being of another size: 2 images (1.png, 4.png)"


def test_unreadable_images_are_left_out_and_reported_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", [f"{number}.png" for number in range(6)])
    (folder / "0.png").write_bytes(b"")
    (folder / "3.png").write_bytes(b"no image" * 100)
    with open_source(folder) as source:
        assert [(frame.number, read_index(frame.image)) for frame in source] == [(n, n) for n in (1, 2, 4, 5)]
        (warning,) = source.warnings
    assert warning == "left out, damaged or no picture that can be read: 2 images (0.png, 3.png)"


def test_folder_of_unreadable_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"no image")
    with pytest.raises(VideoFormatError, match="none that can be read"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        (("b.mp4", "a.MOV"), r"got 2 videos \(a\.MOV, b\.mp4\); give each video as a source of its own"),
        (("cam1/a.png", "cam2/a.png"), r"got 2 folders \(cam1, cam2\); give the folder that holds the images"),
    ],
)
def test_a_folder_of_videos_or_folders_is_refused_and_the_message_says_what_to_give(
    tmp_path: Path, holds: tuple[str, ...], message: str
) -> None:
    for name in holds:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(VideoFormatError, match=message):
        open_source(tmp_path)


def test_a_video_among_images_is_named(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", ["a.jpg", "b.jpg"])
    (folder / "c.mp4").touch()
    with open_source(folder) as source:
        assert len(list(source)) == 2
        assert source.warnings == ("left out of the folder of images: 1 video (c.mp4)",)


def test_photo_is_turned_as_its_orientation_tag_says(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    write_image(path, corner_image())
    # A TIFF block with one entry: tag 0x112 (orientation), a short, 6: to be turned a quarter clockwise.
    tags = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x112, 3, 1, 6, 0, 0)
    block = b"Exif\0\0" + tags
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:])
    with open_source(tmp_path) as source:
        image = next(iter(source)).image
        assert (source.info.width, source.info.height) == (HEIGHT, WIDTH)
    assert image[10, 10, 2] > 180 > image[10, 10, 0]
    assert image[10, -10, 0] > 180 > image[10, -10, 2]


def test_single_image_is_a_source_of_one_frame(tmp_path: Path) -> None:
    path = fill(tmp_path / "f", ["1.png", "photo.JPG"]) / "photo.JPG"
    with open_source(path) as source:
        assert source.info.name == "photo"
        assert [(frame.number, read_index(frame.image)) for frame in source] == [(0, 1)]


def test_folder_is_read_once_and_not_after_closing(tmp_path: Path) -> None:
    source = open_source(fill(tmp_path / "f", ["1.png", "2.png", "3.png"]))
    frames = iter(source)
    next(frames)
    with pytest.raises(VideoError, match="once"):
        next(iter(source))
    source.close()
    with pytest.raises(VideoError, match="closed"):
        next(frames)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), 1001.0])
def test_image_rate_that_cannot_be_used_is_refused(tmp_path: Path, rate: float) -> None:
    with pytest.raises(SettingsError, match="fps: expected a number > 0 and <= 1000"):
        open_source(fill(tmp_path / "f", ["1.png"]), image_rate=rate)


def test_natural_order_of_any_names_is_total() -> None:
    names = ["a", "1", "a1", "1a", "", "a10b2", "a10b11", "a2", "²", "٣", "-1", "A1"]
    assert len(sorted(names, key=natural_order)) == len(names)
    assert sorted(["f10", "f9", "f1"], key=natural_order) == ["f1", "f9", "f10"]
