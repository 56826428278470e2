"""FFmpeg's own command as the server of a stream, for one client at a time."""

import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import imageio_ffmpeg
import psutil

from harness.ports import free_port
from harness.waiting import until

_LEAVING_SECONDS = 10.0


class FfmpegServer:
    """Runs ffmpeg while it is entered; a context manager that can be re-entered.

    Args:
        url: where its clients find it.
        port: at which it listens, TCP or UDP.
        arguments: of the command.
    """

    def __init__(self, url: str, port: int, *arguments: str) -> None:
        self.url, self.port, self._arguments = url, port, arguments

    def __enter__(self) -> Self:
        command = (imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *self._arguments)
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
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


def sender(clip: Path, protocol: Literal["srt", "rtmp"], passphrase: str = "") -> FfmpegServer:
    """Return what plays a file in its own time to its client, from the beginning.

    Args:
        clip: of a codec that the protocol carries.
        protocol: what it speaks.
        passphrase: of SRT, 10 to 79 characters; "" for none.
    """
    port = free_port()
    play = ("-re", "-i", str(clip), "-c", "copy")
    if protocol == "rtmp":
        url = f"rtmp://127.0.0.1:{port}/live/door"
        return FfmpegServer(url, port, *play, "-f", "flv", "-listen", "1", url)
    url = f"srt://127.0.0.1:{port}?" + (f"passphrase={passphrase}" if passphrase else "latency=120000")
    return FfmpegServer(url, port, *play, "-f", "mpegts", f"{url}&mode=listener")


def rtmp_recorder(file: Path) -> FfmpegServer:
    """Return what writes the H.264 that its client sends into a file."""
    port = free_port()
    url = f"rtmp://127.0.0.1:{port}/live/people"
    receive = ("-analyzeduration", "1", "-fpsprobesize", "0", "-listen", "1", "-f", "flv", "-i", url)
    return FfmpegServer(url, port, *receive, "-c", "copy", "-flush_packets", "1", "-f", "h264", str(file))


def _ports(process_id: int) -> set[int]:
    return {connection.laddr.port for connection in psutil.Process(process_id).net_connections()}
