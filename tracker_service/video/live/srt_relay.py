"""SRT, which PyAV's wheels do not speak: the command ``ffmpeg`` receives it and hands it on unchanged."""

import os
import resource
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

from tracker_service.errors import VideoError
from tracker_service.process import confinement
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.source_parameters import LiveSourceParameters

FORMAT = "mpegts"
"""FFmpeg's name of the format that a relay gives."""
_HELP = "pip install 'phalp-triton[srt]' brings one, an ffmpeg on the PATH may do as well"
_LOOK_MICROSECONDS = 100_000
"""How much ffmpeg looks at before it hands on: it need not know more than which streams there are. Raising it begins
later."""
_RECEIVE = (
    *("-nostdin", "-hide_banner", "-loglevel", "quiet"),
    # The address comes over the standard input: other users of the machine see the arguments of a command.
    *("-protocol_whitelist", "pipe,srt", "-format_whitelist", f"concat,{FORMAT}"),
    *("-f", "concat", "-safe", "0", "-i", "pipe:0"),
    *("-map", "0:v", "-c", "copy", "-copyts", "-muxdelay", "0", "-muxpreload", "0"),
    *("-f", FORMAT, "-flush_packets", "1", "pipe:1"),
)
_MICROSECONDS, _MILLISECONDS = 1_000_000, 1000
_EXIT_STATUSES = 256


class SrtRelay:
    """MPEG-TS from an SRT stream, as a file that PyAV reads.

    Args:
        address: of the stream.
        parameters: how it is read.
        wait_for_callers: whether ``mode=listener`` and ``mode=rendezvous`` are taken, by which a stranger may call us.

    Attributes:
        failure: why the file ended, where that is not the end of the stream. `read` raises nothing, because PyAV prints
            errors that it cannot hand on.

    Raises:
        VideoError: there is no ffmpeg, or the address waits for callers where it must not.
    """

    def __init__(self, address: LiveAddress, parameters: LiveSourceParameters, *, wait_for_callers: bool) -> None:
        self._address, self._parameters = address, parameters
        if not wait_for_callers and _waits_for_callers(address.url):
            raise VideoError(f"{address.shown}: expected a stream that is called, got a mode that waits for callers")
        program = _program()
        if program is None:
            raise VideoError(f"{address.shown}: expected an ffmpeg that reads srt, found none; {_HELP}")
        self._program = program
        with _unlimited_cpu_seconds():
            self._process = subprocess.Popen(  # noqa: S603 - no word of it comes from outside
                (self._program, *_RECEIVE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it would show the password
                env=confinement.environment(),
                cwd="/",
            )
        assert self._process.stdin is not None  # noqa: S101 - for mypy
        assert self._process.stdout is not None  # noqa: S101 - for mypy
        self._output = self._process.stdout.fileno()
        self._come = select.poll()
        self._come.register(self._output, select.POLLIN)
        self._began = False
        self.failure: VideoError | None = None
        # A program that ends at once is told of by `read`.
        with suppress(BrokenPipeError), self._process.stdin as script:
            script.write(_script(address.url, parameters).encode())

    @property
    def process_id(self) -> int:
        """The process of ffmpeg."""
        return self._process.pid

    def read(self, size: int) -> bytes:
        """Return what has come, waiting for it; nothing at the end of the stream, and where `failure` says why."""
        if self.failure is not None:
            return b""
        seconds = self._parameters.silence_seconds + (0.0 if self._began else self._parameters.connect_seconds)
        if not self._come.poll(seconds * _MILLISECONDS):
            self._fail(f"expected frames, got nothing for {seconds:g} seconds")
            return b""
        data = os.read(self._output, size)
        if not data and not self._began:
            self._fail(self._why_not())
        self._began = True
        return data

    def close(self) -> None:
        """End ffmpeg; not while another thread reads."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _fail(self, why: str) -> None:
        self.failure = VideoError(f"{self._address.shown}: {why}")

    def _why_not(self) -> str:
        status = self._process.wait()
        if not self._receives():
            return f"expected an ffmpeg that reads srt, got one that does not; {_HELP}"
        # It leaves with its error number, counted down from 256.
        reason = os.strerror(_EXIT_STATUSES - status) if 128 < status < _EXIT_STATUSES else "no video"
        return f"expected a camera or stream, got: {reason}"

    def _receives(self) -> bool:
        command = (self._program, "-hide_banner", "-protocols")
        told = subprocess.run(command, capture_output=True, env=confinement.environment(), check=False)  # noqa: S603
        return b"srt" in told.stdout.split()


def _program() -> str | None:
    try:
        return str(import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return shutil.which("ffmpeg")


def _script(url: str, parameters: LiveSourceParameters) -> str:
    """Return a playlist of FFmpeg's concat demuxer; an address has no line breaks (`LiveAddress.parse`)."""
    quoted = url.replace("'", r"'\''")
    options = {
        "connect_timeout": round(parameters.connect_seconds * _MILLISECONDS),
        "timeout": round(parameters.silence_seconds * _MICROSECONDS),
        "analyzeduration": _LOOK_MICROSECONDS,
        "format_whitelist": FORMAT,  # what comes may not be such a playlist itself
    }
    lines = [f"file '{quoted}'", *(f"option {name} {value}" for name, value in options.items())]
    return "\n".join(["ffconcat version 1.0", *lines, ""])


def _waits_for_callers(url: str) -> bool:
    """Return whether FFmpeg would wait for callers, by its own way of taking an address apart."""
    parameters = url.partition("?")[2].split("&")
    return any(parameter.startswith("mode=") and parameter != "mode=caller" for parameter in parameters)


@contextmanager
def _unlimited_cpu_seconds() -> Iterator[None]:
    """Let a child that is started meanwhile compute for as long as it lasts.

    The process that reads a stranger's camera renews its own limit with every frame; it cannot renew another's. A relay
    that computes and gives nothing ends by the silence.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
