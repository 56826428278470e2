"""Headers read in a process of their own."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.video.test_unreadable_files import without_pictures
from tracker_service.errors import VideoFormatError, VideoNotFoundError
from tracker_service.video.probe import VideoProperties, probe_video

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
PIXELS = 1280 * 720


def test_a_probe_tells_what_the_header_says() -> None:
    assert probe_video(SAMPLE, decoded_pixels=PIXELS) == VideoProperties(1280, 720, 25.0, 10.0, 250, "h264")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("missing.mp4", None, VideoNotFoundError),
        ("empty.mp4", b"", VideoFormatError),
        ("text.mp4", b"no video", VideoFormatError),
        ("picture.png", b"\x89PNG\r\n\x1a\n", VideoFormatError),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", VideoFormatError),
        ("-option.mp4", b"no video", VideoFormatError),
    ],
)
def test_what_is_no_video_is_refused_as_in_this_process(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exception]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=name):
        probe_video(path, decoded_pixels=PIXELS)


@pytest.mark.parametrize("kind", [".png", ".jpg", ".bmp", ".webp", ".tiff"])
def test_a_picture_is_no_video_whatever_its_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "upload.video"
    path.write_bytes(cv2.imencode(kind, np.zeros((48, 64, 3), np.uint8))[1].tobytes())
    with pytest.raises(VideoFormatError, match="video"):
        probe_video(path, decoded_pixels=PIXELS)


def test_a_file_whose_header_is_good_must_have_a_frame_that_can_be_decoded(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    without_pictures(path)
    with pytest.raises(VideoFormatError, match=r"cut\.mp4: expected a video .* got none of its frames"):
        probe_video(path, decoded_pixels=PIXELS)


def test_frames_beyond_the_limit_are_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    without_pictures(path)
    assert probe_video(path, decoded_pixels=1).width > 1


def test_a_probe_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(VideoFormatError, match="no answer"):
        probe_video(SAMPLE, decoded_pixels=PIXELS, timeout=0.001)


def test_a_probe_that_crashes_is_one_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Python runs this file before the probe: it ends the probe's process as a crash in the decoder would.
    (tmp_path / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 11)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(VideoFormatError, match="breaks the decoder"):
        probe_video(SAMPLE, decoded_pixels=PIXELS)
