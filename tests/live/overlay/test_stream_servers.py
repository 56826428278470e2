"""The overlay sent to servers of RTSP and RTMP: what they receive."""

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import av
import numpy as np
import pytest

from harness.rtsp.server import RtspServer, RtspUnavailableError
from harness.streams.ffmpeg_server import FfmpegServer, rtmp_recorder
from harness.waiting import until
from tests.results.frames import frame_result, tracked_person
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.live.overlay.overlay_thread import DrawnFrame
from tracker_service.live.overlay.stream_writer import StreamWriter
from tracker_service.types import UInt8

WIDTH, HEIGHT, FRAMES = 320, 240, 5
SKELETON = OverlayStyle(mesh=False, silhouette=False, boxes=False, skeleton=True)


@pytest.fixture
def server(protocol: str, tmp_path: Path) -> RtspServer | FfmpegServer:
    """Writes what it receives into a file; to be entered."""
    file = tmp_path / "received.h264"
    try:
        return RtspServer(file, "records") if protocol == "rtsp" else rtmp_recorder(file)
    except RtspUnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("protocol", ["rtsp", "rtmp"])
def test_a_server_receives_the_people_that_were_drawn(server: RtspServer | FfmpegServer, tmp_path: Path) -> None:
    plain = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    joints = np.random.default_rng(3).uniform((60, 40), (260, 200), (45, 2)).astype(np.float32)
    people = frame_result(0, tracked_person(joints_2d=joints), width=WIDTH, height=HEIGHT)
    drawn = draw_overlay(plain, people, style=SKELETON)
    numbers = count()
    with server as entered, closing(StreamWriter(entered.url, 25)) as writer:

        def enough() -> bool:
            writer.show(DrawnFrame(drawn, next(numbers) / 25))
            return len(list(received(tmp_path))) >= FRAMES

        until(enough)
    shown = np.stack(list(received(tmp_path))).astype(float)
    limbs = np.abs(drawn.astype(float) - plain).max(axis=2) > 50
    assert limbs.sum() > 500
    errors = np.abs(shown - drawn)[:, limbs].mean()
    assert errors < 0.25 * np.abs(plain.astype(float) - drawn)[limbs].mean()


def received(folder: Path) -> Iterator[UInt8]:
    """What a player shows of the file so far."""
    file = folder / "received.h264"
    with suppress(av.FFmpegError), av.open(str(file)) as video:
        for frame in video.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
