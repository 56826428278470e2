"""A camera or stream that a process of its own reads."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import numpy as np
import psutil
import pytest

from harness.ports import free_port
from harness.streams.live_stream import LiveStream
from harness.waiting import until
from tests.video.clips import RATE, corner_image, index_image, read_index
from tracker_service.errors import VideoError, VideoFormatError
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.connection import Connection
from tracker_service.video.live.live_source import LiveSource
from tracker_service.video.live.separate_connection import SeparateConnection
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.live.stream_frame import SourceConnection
from tracker_service.video.pixels.rgb import RgbConverter

FAST = LiveSourceParameters(first_pause=0.02, longest_pause=0.05)
PIXELS = 1 << 20
Opened = Callable[[LiveAddress, LiveSourceParameters], SourceConnection]


@pytest.fixture(scope="module")
def camera() -> Iterator[LiveStream]:
    with LiveStream(index_image, RATE, "mpjpeg") as camera:
        yield camera


def addressed(camera: LiveStream, user: str = "") -> LiveAddress:
    return LiveAddress.parse(camera.url.replace("http://", f"http://{user}"))


def separately(camera: LiveStream, user: str = "") -> SeparateConnection:
    return SeparateConnection(addressed(camera, user), FAST, most_pixels=PIXELS)


@pytest.mark.parametrize(("kind", "size"), [("mpegts", (96, 64)), ("mpjpeg", (95, 63))])
def test_the_pixels_are_those_of_a_connection_in_this_process(kind: str, size: tuple[int, int]) -> None:
    still = corner_image(0, *size)
    with LiveStream(lambda _: still, RATE, "mpegts" if kind == "mpegts" else "mpjpeg") as camera:
        images = []
        for connect in (Connection, partial(SeparateConnection, most_pixels=PIXELS)):
            opened: Opened = connect
            connection = opened(addressed(camera), FAST)
            frame = next(connection.frames())
            assert connection.rate == RATE
            assert frame.stamp is not None
            assert frame.picture is not None
            images.append(RgbConverter(frame.picture).picture(frame.picture).pixels())
            connection.close()
    np.testing.assert_array_equal(images[0], images[1], strict=True)


def test_frames_go_on_when_the_process_that_reads_them_is_killed(camera: LiveStream) -> None:
    processes: list[int] = []

    def connect(address: LiveAddress, parameters: LiveSourceParameters) -> SeparateConnection:
        connection = SeparateConnection(address, parameters, most_pixels=PIXELS)
        processes.append(connection.process_id)
        return connection

    told: list[str] = []
    source = LiveSource(addressed(camera), FAST, lambda event: told.append(event.message), connect=connect)
    frames = source.frames()
    before = list(islice(frames, 3))
    os.kill(processes[0], signal.SIGKILL)
    after = list(islice(frames, 6))
    source.close()
    assert next(frames, None) is None
    assert source.reconnections == 1
    assert [frame.number for frame in before + after] == list(range(9))
    assert any("breaks the decoder" in message for message in told)
    shown = [read_index(RgbConverter(frame.picture).picture(frame.picture).pixels()) for frame in before + after]
    assert shown == sorted(shown)
    assert not any(psutil.pid_exists(process) for process in processes)


def test_the_process_knows_no_secret_of_ours_may_take_little_and_ends_with_us(
    camera: LiveStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHALP_TRITON_SERVICE__API_KEYS", "hunter3")
    connection = separately(camera, "admin:hunter2@")
    next(connection.frames())
    reader = psutil.Process(connection.process_id)
    assert "hunter3" not in str(reader.environ())
    assert "hunter2" not in str(reader.cmdline())
    assert "-P" in reader.cmdline()
    assert reader.rlimit(psutil.RLIMIT_AS)[0] < 2 << 30
    assert reader.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert reader.rlimit(psutil.RLIMIT_CPU)[0] < 120
    connection._socket.close()  # as the kernel does when we end
    until(lambda: reader.status() == psutil.STATUS_ZOMBIE)
    connection.close()
    assert not reader.is_running()


def test_larger_frames_than_allowed_are_not_read(camera: LiveStream) -> None:
    connection = SeparateConnection(addressed(camera), FAST, most_pixels=96 * 64 - 1)
    with pytest.raises(VideoFormatError, match="expected at most 6143 pixels, got 96x64"):
        next(connection.frames())
    connection.close()


def test_what_is_not_there_is_told_as_by_a_connection_in_this_process() -> None:
    address = LiveAddress.parse(f"http://admin:hunter2@127.0.0.1:{free_port()}/1")
    told = []
    for connect in (Connection, partial(SeparateConnection, most_pixels=PIXELS)):
        opened: Opened = connect
        with pytest.raises(VideoError) as refused:
            opened(address, FAST)
        told.append(str(refused.value))
    assert told[0] == told[1]
    assert "hunter2" not in told[0]
