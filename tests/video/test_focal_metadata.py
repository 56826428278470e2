"""The focal length that cameras write into their files."""

from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tracker_service.video.focal_metadata import focal_in_file

_FILM = (36**2 + 24**2) ** 0.5
_APPLE = "com.apple.quicktime.camera.focal_length.35mm_equivalent"


def _picture(path: Path, millimetres: int | None) -> Path:
    exif = Image.Exif()
    exif[0x010F] = "maker"
    if millimetres is not None:
        exif.get_ifd(0x8769)[0xA405] = millimetres
    picture = Image.new("RGB", (64, 48))
    if path.suffix == ".heic":  # phones' own format, which Pillow does not know by itself
        pillow_heif.from_pillow(picture).save(path, exif=exif.tobytes())
    else:
        picture.save(path, exif=exif)
    return path


def _video(path: Path, **tags: str) -> Path:
    with av.open(path, "w", options={"movflags": "use_metadata_tags"}) as file:
        file.metadata.update(tags)
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 32, 32
        for packet in stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))):
            file.mux(packet)
        file.mux(stream.encode())
    return path


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp", "photo.avif", "photo.heic"])
def test_pictures_say_it_in_exif(tmp_path: Path, name: str) -> None:
    assert focal_in_file(_picture(tmp_path / name, 26)) == pytest.approx(26 / _FILM)


def test_the_first_picture_speaks_for_its_folder(tmp_path: Path) -> None:
    _picture(tmp_path / "10.jpg", 50)
    _picture(tmp_path / "2.jpg", 28)
    assert focal_in_file(tmp_path) == pytest.approx(28 / _FILM)


@pytest.mark.parametrize("name", ["clip.mov", "clip.mp4"])
def test_phones_videos_say_it_in_quicktime_s_keys(tmp_path: Path, name: str) -> None:
    assert focal_in_file(_video(tmp_path / name, **{_APPLE: "24"})) == pytest.approx(24 / _FILM)


def test_files_that_do_not_say_it_are_of_unknown_focal_length(tmp_path: Path) -> None:
    for millimetres in (None, 0, 60000):  # cameras write 0 where they do not know
        assert focal_in_file(_picture(tmp_path / "photo.jpg", millimetres)) is None
    for text in ("", "wide", "nan"):
        assert focal_in_file(_video(tmp_path / "clip.mov", **{_APPLE: text})) is None
    (tmp_path / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe1damaged")
    assert focal_in_file(tmp_path / "damaged.jpg") is None
    assert focal_in_file(tmp_path / "nothing.mp4") is None
    (tmp_path / "empty").mkdir()
    assert focal_in_file(tmp_path / "empty") is None
