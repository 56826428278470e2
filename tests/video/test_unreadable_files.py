import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tests.video.clips import write_clip, write_silence, write_sound
from tracker_service.errors import VideoError, VideoFormatError, VideoNotFoundError
from tracker_service.video.source import open_source

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nclip.ts\n#EXT-X-ENDLIST\n"


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("this is no video\n" * 500)


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(60_000))


def sound(path: Path) -> None:
    write_sound(path)


def sound_with_cover(path: Path) -> None:
    with av.open(str(path), "w") as container:
        cover = container.add_stream("png", rate=25)
        assert isinstance(cover, VideoStream)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "rgb24"
        cover.disposition = Disposition.attached_pic
        tone = container.add_stream("aac", rate=16000)
        container.mux(cover.encode(VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(cover.encode(None))
        write_silence(container, tone, 1.0)


def without_index(path: Path) -> None:
    data = write_clip(path).read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])


def without_pictures(path: Path) -> None:
    data = write_clip(path, container_options={"movflags": "faststart"}).read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])


def unknown_codec(path: Path) -> None:
    data = write_clip(path).read_bytes()
    path.write_bytes(data.replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))


def playlist(path: Path) -> None:
    write_clip(path.with_name("clip.ts"))
    path.write_text(PLAYLIST)


def script(path: Path) -> None:
    write_clip(path.with_name("clip.mp4"))
    path.write_text("ffconcat version 1.0\nfile clip.mp4\n")


def subtitles(path: Path) -> None:
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n")


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("zero.mp4", empty, "empty file"),
        ("text.mp4", text, "cannot be read as one"),
        ("text.txt", text, "expected a video file"),
        ("noise.mp4", noise, "expected a video"),
        ("noise.avi", noise, "expected a video"),
        ("sound.mp4", sound, "got audio only"),
        ("sound.m4a", sound, "got audio only"),
        ("cover.mp4", sound_with_cover, "got a cover picture and audio only"),
        ("cut_before_its_index.mp4", without_index, "cannot be read as one"),
        ("cut_before_its_pictures.mp4", without_pictures, "got none of its frames"),
        ("unknown_codec.mp4", unknown_codec, "expected a codec"),
        ("list.m3u8", playlist, "expected a video file"),
        ("script.txt", script, "expected a video file"),
        ("words.srt", subtitles, "got subtitle only"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(
    tmp_path: Path, name: str, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(VideoFormatError, match=message) as caught:
        open_source(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoNotFoundError, match=r"nowhere\.mp4"):
        open_source(tmp_path / "nowhere.mp4")


def test_web_address_is_no_path_and_is_not_fetched() -> None:
    with pytest.raises(VideoFormatError, match="got an address"):
        open_source("http://127.0.0.1:9/clip.mp4")


def test_device_is_refused_without_being_read() -> None:
    with pytest.raises(VideoFormatError, match="regular"):
        open_source("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "secret.mp4", 2)
    path.chmod(0)
    with pytest.raises(VideoError, match="Permission denied"):
        open_source(path)


def test_refused_file_is_closed_again(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound.mp4")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(VideoFormatError):
            open_source(tmp_path / "sound.mp4")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
