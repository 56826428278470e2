"""A bulk run as a process whose parts can be killed."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import psutil

from harness.waiting import until
from tracker_service.bulk.completion import COMPLETE
from tracker_service.bulk.storage import Place

ROOT = Path(__file__).resolve().parents[2]
TRACKING = "ray::_Actor.run"
"""What a worker is called while it has a video."""


class DisturbedRun:
    """``phalp-triton bulk`` with Ray of its own.

    Args:
        arguments: of the command.
        environment: of the process.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "tracker_service", "bulk", *arguments, "--json"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)

    @property
    def is_running(self) -> bool:
        """Whether the command has not ended."""
        return self._process.poll() is None

    def workers(self) -> list[psutil.Process]:
        """Return the workers that track a video now."""
        return [each for each in self._children() if _title(each) == TRACKING]

    def kill(self) -> None:
        """Kill the command as the kernel does it, and wait until its Ray and its workers have ended by themselves."""
        children = self._children()
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()
        until(lambda: not psutil.wait_procs(children, timeout=0.1)[1])

    def answer(self) -> dict[str, Any]:
        """Return what the command prints at its end."""
        printed, _ = self._process.communicate()
        answer: dict[str, Any] = orjson.loads(printed)
        return answer

    def _children(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._process.pid).children(recursive=True)
        return []


def marks_in(out: Place, names: Sequence[str]) -> dict[str, bytes]:
    """Return the marks of completion of the finished videos, by name: one that is written again has other times."""
    found = {name: out.child(f"{name}/{COMPLETE}").read() for name in names}
    return {name: mark for name, mark in found.items() if mark is not None}


def _title(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess, IndexError):
        return str(process.cmdline()[0])
    return ""
