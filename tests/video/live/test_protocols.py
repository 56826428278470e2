"""Protocols by which cameras are read, each from a real server."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, pairwise
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import av
import pytest
from av.video.frame import VideoFrame

from harness.rtsp.server import RtspServer, RtspUnavailableError
from harness.streams.ffmpeg_server import FfmpegServer, sender
from tests.video.clips import RATE, index_image, read_index, write_clip
from tracker_service.errors import VideoError
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.connection import Connection
from tracker_service.video.live.live_source import LiveFrame, LiveSource
from tracker_service.video.live.separate_connection import SeparateConnection
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.live.stream_frame import SourceConnection, StreamFrame
from tracker_service.video.pixels.rgb import RgbConverter

FAST = LiveSourceParameters(first_pause=0.02, longest_pause=0.05)
PIXELS = 1 << 20
Server = FfmpegServer | RtspServer
Opened = Callable[[LiveAddress, LiveSourceParameters], SourceConnection]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of numbered frames, each in two slices, as cameras that hurry make them."""
    options = {"bf": "0", "g": str(RATE), "slices": "2"}
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 10 * RATE, options=options)


@pytest.fixture(scope="module")
def rtsp_server(clip: Path) -> RtspServer:
    """Plays the clip; to be entered."""
    try:
        with RtspServer(clip) as server:
            return server
    except RtspUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def server(protocol: str, clip: Path, request: pytest.FixtureRequest) -> Server:
    """Plays the clip by a protocol; to be entered."""
    if protocol.startswith("rtsp"):
        rtsp: RtspServer = request.getfixturevalue("rtsp_server")
        return rtsp
    return sender(clip, "srt" if protocol == "srt" else "rtmp")


def numbers(frames: Sequence[LiveFrame | StreamFrame]) -> list[int]:
    pictures = [frame.picture for frame in frames if frame.picture is not None]
    return [read_index(RgbConverter(picture).picture(picture).pixels()) for picture in pictures]


@pytest.mark.parametrize("separately", [False, True])
@pytest.mark.parametrize("protocol", ["rtsp over tcp", "rtsp over udp", "srt", "rtmp"])
def test_every_frame_comes_with_its_time(server: Server, protocol: str, separately: bool) -> None:
    parameters = LiveSourceParameters(transport="udp" if protocol.endswith("udp") else "tcp")
    connect: Opened = partial(SeparateConnection, most_pixels=PIXELS) if separately else Connection
    with server as entered:
        connection = connect(LiveAddress.parse(entered.url), parameters)
        frames = list(islice(connection.frames(), 6))
        connection.close()
    shown = numbers(frames)
    assert shown == list(range(shown[0], shown[0] + 6))
    assert connection.rate == RATE
    stamps = [frame.stamp for frame in frames if frame.stamp is not None]
    assert [later - earlier for earlier, later in pairwise(stamps)] == pytest.approx([1 / RATE] * 5, abs=0.001)


def test_an_rtsp_server_that_is_killed_and_started_again_is_followed_on(rtsp_server: RtspServer) -> None:
    with rtsp_server as server:
        source = LiveSource(LiveAddress.parse(server.url), FAST)
        frames = source.frames()
        before = list(islice(frames, 3))
    with rtsp_server:
        after = list(islice(frames, 3))
    assert [frame.number for frame in before + after][-1] >= 5
    assert source.reconnections >= 1
    assert after[-1].seconds > before[-1].seconds
    frames.close()  # type: ignore[attr-defined]


class Redirecting(StreamRequestHandler):
    """An RTSP server that sends everybody elsewhere."""

    target = ""

    def handle(self) -> None:
        lines = iter(self.rfile.readline, b"")
        for number in (line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"cseq:")):
            answer = f"RTSP/1.0 302 Moved\r\nCSeq: {number.decode()}\r\nLocation: {self.target}\r\n\r\n"
            self.wfile.write(answer.encode())


def test_the_service_takes_no_frame_from_a_host_that_an_rtsp_server_leads_to(rtsp_server: RtspServer) -> None:
    class Handler(Redirecting):
        target = rtsp_server.url

    with rtsp_server, ThreadingTCPServer(("127.0.0.2", 0), Handler) as elsewhere:
        Thread(target=elsewhere.serve_forever, kwargs={"poll_interval": 0.02}).start()
        address = LiveAddress.parse(f"rtsp://127.0.0.2:{elsewhere.server_address[1]}/door")
        followed = Connection(address, FAST)
        assert next(followed.frames()).picture is not None
        followed.close()
        with pytest.raises(VideoError, match="expected the host that was named, got a server that leads to another"):
            SeparateConnection(address, FAST, most_pixels=PIXELS)
        elsewhere.shutdown()


@pytest.fixture
def hls(tmp_path: Path) -> Iterator[str]:
    """A playlist of numbered frames behind a web server."""
    options = {"hls_time": "1", "hls_list_size": "0"}
    with av.open(str(tmp_path / "live.m3u8"), "w", format="hls", options=options) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"g": str(RATE)})
        stream.height, stream.width = index_image(0).shape[:2]
        stream.pix_fmt = "yuv420p"
        for number in range(3 * RATE):
            container.mux(stream.encode(VideoFrame.from_ndarray(index_image(number), format="rgb24")))
        container.mux(stream.encode(None))

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/live.m3u8"
        server.shutdown()


def test_a_playlist_of_hls_is_followed_on_the_command_line(hls: str) -> None:
    source = LiveSource(LiveAddress.parse(hls), FAST)
    shown = numbers(list(islice(source.frames(), 8)))
    assert shown == list(range(shown[0], shown[0] + 8))


@pytest.mark.skipif(os.path.exists("/dev/video63"), reason="this machine has 64 cameras")  # noqa: PTH110
def test_a_camera_that_is_not_there_is_one_line() -> None:
    with pytest.raises(VideoError, match=r"^/dev/video63: expected a camera or stream, got: [^\n]+$"):
        Connection(LiveAddress.parse("/dev/video63"), FAST)
