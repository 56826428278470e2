"""The overlay of a live run, as its viewers get it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from tests.body.conftest import standin_body
from tests.results.frames import frame_result
from tests.video.clips import index_image, read_index
from tracker_service.body.model import BodyModel
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import PhalpTritonError, ResultsError, SettingsError
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.overlay.mjpeg_server import MjpegServer
from tracker_service.live.overlay.overlay_thread import DrawnFrame, OverlayThread
from tracker_service.live.overlay.stream_writer import StreamWriter
from tracker_service.types import ArrayPicture

__all__ = ["standin_body"]


def drawn(number: int) -> DrawnFrame:
    return DrawnFrame(index_image(number), number / 25)


def pictures(url: str) -> Iterator[int]:
    """Numbers of the frames that a viewer gets."""
    with urlopen(url, timeout=60) as answer:  # noqa: S310
        while True:
            line = answer.readline()
            if not line:
                return
            if line.startswith(b"Content-Length: "):
                size = int(line.partition(b": ")[2])
                answer.readline()
                image = cv2.imdecode(np.frombuffer(answer.read(size), np.uint8), cv2.IMREAD_COLOR)
                assert image is not None
                yield read_index(np.asarray(image[..., ::-1], np.uint8))


def test_a_viewer_gets_the_newest_frame_and_those_that_follow() -> None:
    with closing(MjpegServer("127.0.0.1", 0)) as server:
        server.show(drawn(6))
        server.show(drawn(7))
        viewer = pictures(server.url)
        assert next(viewer) == 7
        server.show(drawn(9))
        assert next(viewer) == 9
    assert list(viewer) == []


def test_a_port_that_is_taken_is_an_error() -> None:
    with closing(MjpegServer("127.0.0.1", 0)) as server, pytest.raises(ResultsError, match="expected a free port"):
        MjpegServer("127.0.0.1", int(server.url.rpartition(":")[2].rstrip("/")))


def test_segments_on_the_disk_are_a_playlist_that_plays(tmp_path: Path) -> None:
    target = tmp_path / "new" / "live.m3u8"
    with closing(StreamWriter(str(target), 25)) as writer:
        for number in range(10):
            writer.show(drawn(number))
    assert "#EXTINF" in target.read_text()
    assert [path.stat().st_size > 0 for path in target.parent.glob("*.ts")] == [True]


def test_a_target_that_is_none_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"expected http://.* or FILE.m3u8, got ftp://host/x"):
        StreamWriter("ftp://user:hunter2@host/x", 25)


def test_frames_that_come_while_one_is_shown_are_left_out_but_the_newest(standin_body: BodyModel) -> None:
    shown: list[float] = []
    thread: list[OverlayThread] = []

    def show(frame: DrawnFrame) -> None:
        shown.append(frame.timestamp)
        if len(shown) == 1:
            for number in range(1, 5):
                thread[0].give(live_frame(number))

    thread.append(OverlayThread(show, OverlayStyle(), standin_body))
    thread[0].give(live_frame(0))
    thread[0].close()
    assert shown == [0.0, 4 / 25]


def test_an_overlay_that_nobody_takes_ends_without_ending_the_run(standin_body: BodyModel) -> None:
    errors: list[PhalpTritonError] = []

    def show(frame: DrawnFrame) -> None:
        raise ResultsError(f"no room for {frame.timestamp}")

    thread = OverlayThread(show, OverlayStyle(), standin_body, errors.append)
    thread.give(live_frame(0))
    thread.close()
    assert [str(error) for error in errors] == ["no room for 0.0"]


def live_frame(number: int) -> LiveFrameResult:
    image = index_image(number)
    height, width = image.shape[:2]
    result = frame_result(number, width=width, height=height)
    return LiveFrameResult(result, number, 0, 1e9, 0.1, ArrayPicture(image))
