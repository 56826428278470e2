"""Programs of this project started without importing them every time: one process has the imports and forks.

Most of what a test waits for when it starts a service is the interpreter reading modules. Tests of the start itself,
and everything that is measured, start a process of their own.
"""

import gc
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.forked import workers

SERVICE = "tracker_service"
"""The program whose workers are forked likewise; others have workers of their own."""
_IMPORTED = [
    "tracker_service.process.single_blas_thread",
    "tracker_service.command_line.main",
    "tracker_service.command_line.serve",
    "tracker_service.jobs.queue.store",
    "tracker_service.jobs.worker.fork_server",
    __name__,
]
"""The process that forks has them, in this order: threads of BLAS are limited before NumPy is there."""


class ForkedProgram:
    """A running ``python -m MODULE``, with what this project needs of `subprocess.Popen`; leads a session of its own.

    Args:
        module: name of the module.
        arguments: of the program.
        folder: where it runs.
        environment: all of its variables.
        out, log: receive its output and its errors.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, log: Path
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_IMPORTED)
        self._process = context.Process(
            target=_run, args=(module, list(arguments), folder, dict(environment), out, log), daemon=False
        )
        self._process.start()
        self.pid = self._process.pid or 0
        """Process id, and soon that of its group."""

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit status; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        # The fork server may have collected it before this process has read its exit status.
        with suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, number)


def _run(module: str, arguments: list[str], folder: Path, environment: dict[str, str], out: Path, log: Path) -> None:
    gc.enable()  # the imports of workers have stopped it
    os.setsid()
    for number, path in ((1, out), (2, log)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if module == SERVICE:
        workers.prepare()
    sys.argv = [module, *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
