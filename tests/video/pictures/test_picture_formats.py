"""Every picture format is read by its content, also in one folder with others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pillow_heif import from_pillow

from tests.video.clips import HEIGHT, WIDTH, corner_image, index_image, read_index
from tests.video.pictures.tiled_heic import TILE, write_tiled_heic
from tracker_service.errors import VideoFormatError
from tracker_service.video.probe import properties_of
from tracker_service.video.source import open_source

MIXED = [
    "jpg",
    "png",
    "webp",
    "bmp",
    "tif",
    "heic",
    "avif",
    "mpo",
    "ppm",
    "gif",
    "jp2",
    "qoi",
    "tga",
    "sgi",
    "pcx",
    "dib",
    "jfif",
]


def write(path: Path, number: int, kind: str | None = None) -> Path:
    """Write the picture of a number in the format of the suffix, or of ``kind``."""
    image = Image.fromarray(index_image(number))
    if (kind or path.suffix[1:]) == "heic":
        from_pillow(image).save(path, format="HEIF", quality=90)
    else:
        image.save(path, format=kind)
    return path


def test_a_folder_of_every_kind_is_read_in_natural_order_without_a_warning(tmp_path: Path) -> None:
    for number, suffix in enumerate(MIXED):
        write(tmp_path / f"a{number}.{suffix}", number)
    with open_source(tmp_path) as source:
        assert [read_index(frame.image) for frame in source] == list(range(len(MIXED)))
        assert source.warnings == ()


@pytest.mark.parametrize("kind", ["heic", "avif", "webp"])
def test_the_content_counts_not_the_name(tmp_path: Path, kind: str) -> None:
    with open_source(write(tmp_path / "a.jpg", 5, kind)) as source:
        assert [read_index(frame.image) for frame in source] == [5]


def test_a_heic_picture_in_tiles_is_composed(tmp_path: Path) -> None:
    expected = corner_image(0, 2 * TILE, 2 * TILE)
    with open_source(write_tiled_heic(tmp_path / "phone.heic", expected)) as source:
        (frame,) = source
        assert source.warnings == ()
    assert frame.image.shape == expected.shape
    assert np.abs(frame.image.astype(int) - expected).mean() < 3


def test_a_heic_picture_called_a_video_is_still_a_picture_and_no_video(tmp_path: Path) -> None:
    expected = corner_image(0, 2 * TILE, 2 * TILE)
    path = write_tiled_heic(tmp_path / "phone.mp4", expected)
    with open_source(path) as source:
        (frame,) = source
    assert frame.image.shape == expected.shape
    with pytest.raises(VideoFormatError, match="expected a video, got a picture"):
        properties_of(path, decoded_pixels=10**6)


def test_a_truncated_picture_is_left_out_and_named(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / f"{number}.jpg", number)
    data = write(tmp_path / "2.jpg", 2).read_bytes()
    (tmp_path / "2.jpg").write_bytes(data[: len(data) // 2])
    with open_source(tmp_path) as source:
        assert [read_index(frame.image) for frame in source] == [0, 1]
        assert source.warnings == ("left out, damaged or no picture that can be read: 1 image (2.jpg)",)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_exif_block_does_not_make_a_picture_unusable(tmp_path: Path) -> None:
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\xee" * 40
    Image.fromarray(index_image(5)).save(tmp_path / "a.jpg", exif=exif)
    with open_source(tmp_path / "a.jpg") as source:
        assert [read_index(frame.image) for frame in source] == [5]
        assert source.warnings == ()


def test_a_header_of_enormous_size_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"P6 200000 200000 255\n")
    with pytest.raises(VideoFormatError, match="200000x200000"):
        open_source(tmp_path / "a.ppm")


def test_a_single_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image" * 100)
    with pytest.raises(VideoFormatError, match=r"a\.png: expected a picture"):
        open_source(tmp_path / "a.png")


def test_a_name_that_is_not_utf8_is_reported_in_utf8(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 0)
    (tmp_path / "b\udcff.txt").touch()
    with open_source(tmp_path) as source:
        (warning,) = source.warnings
    assert warning == "left out of the folder of images: 1 other file (b\\xff.txt)"


def test_photos_of_mixed_orientation_get_the_size_of_most(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    for number, suffix in enumerate(("jpg", "webp", "tif", "png")):
        lying = Image.fromarray(corner_image(0, HEIGHT, WIDTH))
        lying.save(tmp_path / f"{number}.{suffix}", exif=turned)
    Image.fromarray(corner_image(0, HEIGHT, WIDTH)).save(tmp_path / "9.jpg")
    with open_source(tmp_path) as source:
        assert (source.info.width, source.info.height) == (WIDTH, HEIGHT)
        frames = list(source)
        assert source.warnings == ("fitted into 96x64, with black borders, being of another size: 1 image (9.jpg)",)
    for frame in frames[:4]:
        # Turned a quarter clockwise: blue, which is below on the left, comes up on the left.
        assert frame.image[10, 10, 2] > 180 > frame.image[10, 10, 0]
