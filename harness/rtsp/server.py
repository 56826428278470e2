"""GStreamer's RTSP server in a process of its own."""

import ctypes.util
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from harness.debian.packages import PackagesUnavailableError, unpacked
from harness.ports import free_port, listens
from harness.rtsp import program
from harness.waiting import until

_PACKAGES = (
    "libgstreamer1.0-0",
    "libgstreamer-plugins-base1.0-0",
    "libgstrtspserver-1.0-0",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "liborc-0.4-0",
)


class RtspUnavailableError(Exception):
    """There is no RTSP server on this machine; the message says why."""


class RtspServer:
    """Plays or records a file at `url`, over TCP and UDP, while it is entered; it can be entered again.

    Args:
        file: MP4 with H.264, which a client sees from its beginning, once; or H.264 that a client sends.
        does: what it does with the file.

    Raises:
        RtspUnavailableError: GStreamer's server is neither installed nor to be had.
    """

    def __init__(self, file: Path, does: Literal["plays", "records"] = "plays") -> None:
        self._file, self._does = file, does
        self._variables = _variables()
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"rtsp://127.0.0.1:{self.port}/live"

    def __enter__(self) -> Self:
        command = [sys.executable, "-I", str(program.__file__), str(self.port), self._does]
        command.append(str(self._file.absolute()))
        self._process = subprocess.Popen(command, env=self._variables, stderr=subprocess.PIPE)
        until(lambda: listens(self.port) or self._ended())
        if self._ended():
            reason = (self._process.communicate()[1].decode().strip().splitlines() or ["no message"])[-1]
            raise RtspUnavailableError(f"expected GStreamer's RTSP server, got: {reason}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


def _variables() -> dict[str, str]:
    """Return the environment in which the server finds its libraries."""
    variables = {**os.environ, "GST_REGISTRY_FORK": "no"}
    if ctypes.util.find_library("gstrtspserver-1.0") is not None:
        return variables
    try:
        root = unpacked("gstreamer-rtsp", _PACKAGES)
    except PackagesUnavailableError as error:
        raise RtspUnavailableError(str(error)) from error
    (libraries,) = root.glob("usr/lib/*-linux-gnu")
    return {
        **variables,
        "LD_LIBRARY_PATH": str(libraries),
        "GST_PLUGIN_SYSTEM_PATH_1_0": str(libraries / "gstreamer-1.0"),
        "GST_REGISTRY": str(root / "registry.bin"),
    }
