"""A process that a fork server has forked: what is needed of `subprocess.Popen`, for a process that is no child."""

import os
import select
import signal
import socket
import subprocess
from contextlib import suppress
from threading import Lock
from typing import IO

from tracker_service.jobs.worker.task import SURROUNDINGS, Surroundings


class ForkedProcess:
    """A forked process; may be used by several threads.

    Args:
        requests: where the fork server takes requests.
        surroundings: of the process.
        seconds: how long it may take to answer.

    Attributes:
        pid: its process id.
        stdin, stdout, stderr: pipes to it.

    Raises:
        OSError: the fork server has ended, or does not answer.
    """

    def __init__(self, requests: socket.socket, surroundings: Surroundings, seconds: float) -> None:
        self._outcome, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        its_in, our_in = os.pipe()
        our_out, its_out = os.pipe()
        our_err, its_err = os.pipe()
        self.stdin: IO[bytes] = os.fdopen(our_in, "wb")
        self.stdout: IO[bytes] = os.fdopen(our_out, "rb")
        self.stderr: IO[bytes] = os.fdopen(our_err, "rb")
        self._waiting, self._ending = Lock(), Lock()
        self._status: int | None = None
        try:
            try:
                message = SURROUNDINGS.dump_json(surroundings)
                socket.send_fds(requests, [message], [its_in, its_out, its_err, told.fileno()])
            finally:
                told.close()
                for descriptor in (its_in, its_out, its_err):
                    os.close(descriptor)
            self._outcome.settimeout(seconds)
            pid, descriptors, _, _ = socket.recv_fds(self._outcome, 32, 1)
            if not descriptors:
                raise BrokenPipeError("workers: expected a fork server, got its end")
        except OSError:
            self._outcome.close()
            for pipe in (self.stdin, self.stdout, self.stderr):
                pipe.close()
            raise
        self.pid, self._descriptor = int(pid), descriptors[0]

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        with self._ending:
            if self._status is not None:
                return self._status
            look = select.poll()
            look.register(self._descriptor, select.POLLIN)
            ended = look.poll(0)
        # The fork server tells of the end a moment after it.
        return self.wait() if ended else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit status; raises `subprocess.TimeoutExpired`."""
        # Who waits holds the lock: nobody else can know of the end before.
        if self._waiting.acquire(timeout=-1 if timeout is None else timeout):
            try:
                return self._collect(timeout)
            finally:
                self._waiting.release()
        raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)

    def kill(self) -> None:
        """End it now."""
        with self._ending, suppress(ProcessLookupError):
            if self._status is None:
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def _collect(self, timeout: float | None) -> int:
        if self._status is None:
            self._outcome.settimeout(timeout)
            try:
                told = self._outcome.recv(32)
            except TimeoutError:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0) from None
            with self._ending:
                # Workers of a fork server that has ended are killed.
                self._status = int(told) if told else -signal.SIGKILL
                os.close(self._descriptor)
            self._outcome.close()
        return self._status
