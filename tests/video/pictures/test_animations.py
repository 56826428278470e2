"""Files that hold several pictures: frames with their own times when given alone, the first picture in a folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile
from pillow_heif import HeifFile

from tests.video.clips import HEIGHT, WIDTH, index_image, read_index
from tracker_service.video.source import open_source, parse_position

MILLISECONDS = [100, 40, 160, 80]
STARTS = pytest.approx([0.0, 0.1, 0.14, 0.3])


def pictures(count: int = 4) -> list[Image.Image]:
    return [Image.fromarray(index_image(number + 1)) for number in range(count)]


def animate(path: Path, **options: Any) -> Path:
    first, *rest = pictures()
    first.save(path, None, save_all=True, append_images=rest, **options)
    return path


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.gif", "a.avif"])
def test_an_animation_given_alone_is_a_video_with_its_own_times(tmp_path: Path, name: str) -> None:
    with open_source(animate(tmp_path / name, duration=MILLISECONDS)) as source:
        frames = list(source)
        assert source.warnings == ()
        assert (source.info.width, source.info.height) == (WIDTH, HEIGHT)
    assert [read_index(frame.image) for frame in frames] == [1, 2, 3, 4]
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    assert [frame.timestamp for frame in frames] == STARTS


def test_length_and_rate_of_an_animation_are_those_of_its_durations(tmp_path: Path) -> None:
    with open_source(animate(tmp_path / "a.webp", duration=MILLISECONDS)) as source:
        assert source.info.duration == pytest.approx(0.38)
        assert source.info.fps == pytest.approx(4 / 0.38)


def test_a_range_of_an_animation_is_taken_by_number_or_time(tmp_path: Path) -> None:
    path = animate(tmp_path / "a.webp", duration=MILLISECONDS)
    with open_source(path, start=parse_position("0.12s"), end=parse_position("3")) as source:
        assert [(frame.number, read_index(frame.image)) for frame in source] == [(2, 3)]


def test_a_picture_for_programs_without_animations_is_no_frame(tmp_path: Path) -> None:
    path = animate(tmp_path / "a.png", duration=50, default_image=True)
    with open_source(path) as source:
        assert [read_index(frame.image) for frame in source] == [2, 3, 4]


@pytest.mark.parametrize(("rate", "step"), [(None, 1 / 30), (10.0, 0.1)])
def test_pages_come_at_the_rate_of_image_folders(tmp_path: Path, rate: float | None, step: float) -> None:
    with open_source(animate(tmp_path / "pages.tif"), image_rate=rate) as source:
        frames = list(source)
    assert [read_index(frame.image) for frame in frames] == [1, 2, 3, 4]
    assert [frame.timestamp for frame in frames] == pytest.approx([step * number for number in range(4)])


def test_reduced_copies_in_a_tiff_are_no_pages(tmp_path: Path) -> None:
    whole, copy = pictures(2)
    copy = copy.resize((WIDTH // 2, HEIGHT // 2))
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    whole.save(tmp_path / "pyramid.tif", save_all=True, append_images=[copy])
    with open_source(tmp_path / "pyramid.tif") as source:
        assert [read_index(frame.image) for frame in source] == [1]


def test_in_a_folder_the_first_picture_of_each_file_is_taken_and_the_file_named(tmp_path: Path) -> None:
    for name in ("1.webp", "2.png", "3.gif", "4.tif", "5.mpo"):
        animate(tmp_path / name)
    pictures(1)[0].save(tmp_path / "6.jpg")
    with open_source(tmp_path) as source:
        assert [read_index(frame.image) for frame in source] == [1] * 6
        assert source.warnings == ("only the first of several pictures taken: 5 images (1.webp, 2.png, 3.gif, …)",)


@pytest.mark.parametrize("name", ["pair.mpo", "burst.heic"])
def test_of_views_of_one_scene_the_first_is_taken_and_the_file_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "pair.mpo":
        animate(path)
    else:
        burst = HeifFile()  # type: ignore[no-untyped-call]
        for picture in pictures():
            burst.add_from_pillow(picture)
        burst.save(path, quality=90)
    with open_source(path) as source:
        assert [read_index(frame.image) for frame in source] == [1]
        assert source.warnings == (f"only the first of several pictures taken: 1 image ({name})",)


def test_damage_within_an_animation_leaves_the_frames_before_it(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    first, *_ = pictures()
    path = tmp_path / "pages.tif"
    first.save(path, save_all=True, append_images=[Image.fromarray(noise)], compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    with Image.open(path) as picture:
        picture.seek(1)
        assert isinstance(picture, TiffImageFile)
        start = picture.tag_v2[273][0]
    data[start : start + 2000] = b"\xff" * 2000
    path.write_bytes(data)
    with open_source(path) as source:
        assert [read_index(frame.image) for frame in source] == [1]
        assert source.warnings == ("left out, damaged or no picture that can be read: 1 image (pages.tif)",)
