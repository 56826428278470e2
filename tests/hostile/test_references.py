"""Held: playlists, scripts and references in a video open nothing else, on the network or on the disk."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.clips import cut
from tracker_service.errors import VideoFormatError
from tracker_service.video.probe import properties_of

PIXELS = 4096 * 2304


class Listener:
    """Counts connections to a free port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that nobody has named, in a folder of its own."""
    return cut(tmp_path_factory.mktemp("secret") / "secret.mp4", 2, width=64)


FILES = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
    "key.m3u8": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n',
    "map.m3u8": '#EXTM3U\n#EXT-X-MAP:URI="{target}"\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n',
    "m3u8.mp4": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "ffconcat.mp4": "ffconcat version 1.0\nfile '{target}'\n",
    "mpd": '<?xml version="1.0"?><MPD type="static"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"'
    ' bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "ism": '<?xml version="1.0"?><SmoothStreamingMedia><StreamIndex Url="{target}"/></SmoothStreamingMedia>',
    "sdp": "v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\n"
    "m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "asx": '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
    "pls": "[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    "ram": "{target}\n",
    "avs": 'DirectShowSource("{target}")\n',
    "vpy": "import urllib.request\nurllib.request.urlopen('{target}')\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
    '<image xlink:href="{target}" width="9" height="9"/></svg>',
    "mvg": "push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 9,9 '{target}'\npop graphic-context\n",
    "imf.xml": '<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>{target}</Id>'
    "</CompositionPlaylist>",
    "lavfi": "movie={target}",
    "sub": "{{1}}{{1}}25\n{{2}}{{9}}{target}\n",
    "ffm": "subfile,,start,0,end,0,,:{target}",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["network", "file"])
def test_a_file_that_names_another_one_is_no_video(
    tmp_path: Path, listener: Listener, secret: Path, name: str, kind: str
) -> None:
    host, port = listener.address.split(":")
    target = f"http://{listener.address}/a.ts" if kind == "network" else str(secret)
    path = tmp_path / f"a.{name}"
    path.write_text(FILES[name].format(target=target, host=host, port=port))
    with pytest.raises(VideoFormatError) as refused:
        properties_of(path, PIXELS)
    assert str(secret) not in str(refused.value)
    assert listener.connections == 0
