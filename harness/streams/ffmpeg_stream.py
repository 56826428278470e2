"""FFmpeg's own command as a server of SRT or RTMP: one client at a time, real protocol."""

import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import imageio_ffmpeg
import psutil

from harness.ports import free_port
from harness.waiting import until

_LISTENS = {"srt": ("mpegts", ()), "rtmp": ("flv", ("-listen", "1"))}
_LEAVING_SECONDS = 10.0


class FfmpegStream:
    """Plays a file in its own time to the first client that comes; a context manager that can be re-entered.

    Args:
        clip: of a codec that the protocol carries; the client sees it from its beginning, once.
        protocol: what it speaks.
        passphrase: of SRT, 10 to 79 characters; "" for none.
    """

    def __init__(self, clip: Path, protocol: Literal["srt", "rtmp"], passphrase: str = "") -> None:
        self._clip, self._protocol = clip, protocol
        self.port = free_port()
        query = f"?passphrase={passphrase}" if passphrase else ""
        self.url = f"{protocol}://127.0.0.1:{self.port}" + (query if protocol == "srt" else "/live/door")
        """Where it is."""

    def __enter__(self) -> Self:
        kind, options = _LISTENS[self._protocol]
        mode = "?mode=listener&" if "?" not in self.url else "&mode=listener"
        target = self.url + (mode if self._protocol == "srt" else "")
        play = ("-v", "error", "-nostdin", "-re", "-i", str(self._clip), "-c", "copy", "-f", kind, *options, target)
        self._process = subprocess.Popen((imageio_ffmpeg.get_ffmpeg_exe(), *play), stderr=subprocess.DEVNULL)
        # Connecting would be the one client that it takes.
        until(lambda: self._process.poll() is not None or self.port in _ports(self._process.pid))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()  # it takes its leave: SRT has no connection that would break
        try:
            self._process.wait(_LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def suspend(self) -> None:
        """Let it fall silent, with its connection open."""
        self._process.send_signal(signal.SIGSTOP)


def _ports(process_id: int) -> set[int]:
    return {connection.laddr.port for connection in psutil.Process(process_id).net_connections()}
