"""Frames of a camera on the network, through lost connections."""

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, pairwise
from threading import Thread

import pytest

from harness.ports import free_port
from harness.streams.live_stream import LiveStream
from tests.video.clips import RATE, index_image, read_index
from tracker_service.errors import VideoError
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.connection import Connection
from tracker_service.video.live.live_source import LiveEvent, LiveEventKind, LiveSource
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.pixels.rgb import RgbConverter

FAST = LiveSourceParameters(first_pause=0.02, longest_pause=0.05)


@pytest.mark.parametrize("kind", ["mpegts", "mpjpeg"])
def test_frames_come_in_order_with_the_times_between_them(kind: str) -> None:
    with LiveStream(index_image, RATE, "mpegts" if kind == "mpegts" else "mpjpeg") as stream:
        source = LiveSource(LiveAddress.parse(stream.url), FAST)
        frames = list(islice(source.frames(), 6))
    shown = [read_index(RgbConverter(frame.picture).picture(frame.picture).pixels()) for frame in frames]
    assert shown == list(range(shown[0], shown[0] + 6))
    assert [frame.number for frame in frames] == list(range(6))
    assert source.rate == RATE
    # Between the first two the source had to get going; the others keep the camera's pace.
    steps = [late.seconds - early.seconds for early, late in pairwise(frames[1:])]
    assert steps == pytest.approx([1 / RATE] * 4, abs=0.02)
    assert all(later.captured > frame.captured for frame, later in pairwise(frames))


def test_a_camera_that_goes_away_is_connected_again_and_frames_are_counted_on() -> None:
    events: list[LiveEvent] = []
    numbers: list[int] = []
    with LiveStream(index_image, RATE, "mpjpeg", frames=12) as stream:
        source = LiveSource(LiveAddress.parse(stream.url), FAST, events.append)
        for frame in islice(source.frames(), 14):
            numbers.append(frame.number)
    assert numbers == list(range(14))
    assert source.reconnections >= 1
    assert [event.kind for event in events[:3]] == ["connected", "lost", "connected"]


def test_a_camera_that_stays_away_is_given_up_after_the_time_that_the_settings_say() -> None:
    parameters = LiveSourceParameters(first_pause=0.01, longest_pause=0.02, retry_seconds=0.1)
    events: list[LiveEvent] = []
    with LiveStream(index_image, RATE, "mpjpeg", frames=12) as stream:
        source = LiveSource(LiveAddress.parse(stream.url), parameters, events.append)
    frames = source.frames()
    with pytest.raises(VideoError, match=rf"^http://127.0.0.1:{stream.port}/live: expected a camera or stream, got: "):
        list(frames)
    assert events[-1].kind is LiveEventKind.FAILED


def test_a_camera_that_says_nothing_counts_as_stalled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        parameters = LiveSourceParameters(connect_seconds=0.2, silence_seconds=0.2)
        with pytest.raises(VideoError, match=r"expected frames, got nothing for 0\.2 seconds"):
            LiveSource(LiveAddress.parse(f"http://127.0.0.1:{port}/live"), parameters)


def test_no_error_and_no_event_shows_a_password() -> None:
    told: list[str] = []
    with pytest.raises(VideoError) as refused:
        LiveSource(LiveAddress.parse(f"rtsp://admin:hunter2@127.0.0.1:{free_port()}/1"), FAST)
    with LiveStream(index_image, RATE, "mpjpeg", frames=12) as stream:
        url = stream.url.replace("http://", "http://admin:hunter2@")
        source = LiveSource(LiveAddress.parse(url), FAST, lambda event: told.append(event.message))
        list(islice(source.frames(), 3))
    assert told
    assert "hunter2" not in "".join([str(refused.value), *told])


def test_closing_ends_the_reading_thread() -> None:
    with LiveStream(index_image, RATE, "mpjpeg") as stream:
        source = LiveSource(LiveAddress.parse(stream.url), FAST)
        reader = Thread(target=lambda: list(source.frames()))
        reader.start()
        source.close()
        reader.join(60)
    assert not reader.is_alive()


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("path", ["/list.m3u8", "/moved"])
def test_an_answer_leads_elsewhere_only_where_that_is_wanted(path: str, follow: bool) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/secret.ts\n" if self.path == "/list.m3u8" else b""
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", "/secret.ts")
            self.send_header("Content-Type", "application/vnd.apple.mpegurl")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        address = LiveAddress.parse(f"http://127.0.0.1:{server.server_address[1]}{path}")
        with pytest.raises(VideoError):
            Connection(address, LiveSourceParameters(connect_seconds=2), follow=follow)
        server.shutdown()
    assert ("/secret.ts" in asked) is follow
