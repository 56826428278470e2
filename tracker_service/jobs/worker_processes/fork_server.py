"""The process that forks workers: an import takes a second of each worker's start, a fork some milliseconds."""

import atexit
import logging
import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from tracker_service.jobs.worker.task import Surroundings
from tracker_service.jobs.worker_processes.forked_process import ForkedProcess
from tracker_service.jobs.worker_processes.process import Process
from tracker_service.process import confinement

COMMAND = confinement.command("tracker_service.jobs.worker.fork_server")
_START_SECONDS = 120.0
"""How long its imports may take on a busy machine; then workers start without it."""
_NOTICED_SECONDS = 1.0
"""How long after the end of its socket its own end may come."""
_END_SECONDS = 10.0
_logger = logging.getLogger(__name__)


def start(requests: socket.socket) -> Process:
    """Start the process; it serves what comes from ``requests`` until that ends."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        COMMAND,
        stdin=requests.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=confinement.own_environment(),
    )


class ForkServer:
    """Forks workers; may be used by several threads.

    It starts with the first worker, and again when it has ended; it outlives the stores of this process. Workers get
    the environment and the working folder that a process started now would get, but for what libraries read while they
    are imported.

    Args:
        start: starts the process, given the socket that it serves.
    """

    def __init__(self, start: Callable[[socket.socket], Process] = start) -> None:
        self._start, self._using = start, Lock()
        self._process: Process | None = None
        self._requests: socket.socket | None = None
        self._proven, self._useless = False, not hasattr(os, "pidfd_open")

    def fork(self) -> ForkedProcess:
        """Return a new worker.

        Raises:
            OSError: it cannot be forked here or now.
        """
        with self._using:
            if self._useless:
                raise OSError("workers: expected a system where they can be forked, got another one")
            try:
                forked = self._forked()
            except OSError as error:
                ended = self._has_ended(_NOTICED_SECONDS)
                if not self._proven and (ended or isinstance(error, TimeoutError)):
                    self._useless = True
                    _logger.warning("each worker starts anew, as none can be forked: %s", error)
                    raise
                if not ended:
                    raise
                forked = self._forked()
            self._proven = True
            return forked

    def close(self) -> None:
        """End it, and all workers that it has forked."""
        with self._using:
            self._close()

    def _forked(self) -> ForkedProcess:
        surroundings = Surroundings(Path.cwd(), confinement.own_environment())
        if self._process is None or self._requests is None or self._has_ended(0.0):
            self._process, self._requests = self._started()
        return ForkedProcess(self._requests, surroundings, _START_SECONDS)

    def _has_ended(self, seconds: float) -> bool:
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return True
        return False

    def _started(self) -> tuple[Process, socket.socket]:
        self._close()
        requests, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            process = self._start(its)
        atexit.register(self.close)
        return process, requests

    def _close(self) -> None:
        atexit.unregister(self.close)
        if self._requests is not None:
            self._requests.close()
        if self._process is not None:
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._requests = None
