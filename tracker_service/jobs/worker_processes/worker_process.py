"""A worker process: started, listened to, killed."""

import logging
import queue
import signal
import subprocess
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread
from typing import IO, Any

from tracker_service.errors import JobError
from tracker_service.jobs.messages import Message, decode
from tracker_service.jobs.worker.task import WORKER_PREPARATION, WORKER_TASK, WorkerTask
from tracker_service.jobs.worker_processes.fork_server import ForkServer
from tracker_service.jobs.worker_processes.process import Process
from tracker_service.process import confinement

COMMAND = confinement.command("tracker_service.jobs.worker")
_KEPT_LINES = 20
_KILL_SECONDS = 30.0
_FORK_SERVER = ForkServer()
_logger = logging.getLogger(__name__)


class WorkerDied:
    """The worker's last message: its output has ended.

    Attributes:
        reason: how it ended, in one line.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason


class WorkerProcess:
    """A running worker.

    It must be started by a thread that lives as long as the worker may: Linux takes the end of the thread that started
    a process for the end of the parent.

    Args:
        probable: settings with which it opens models before it has a task; empty for none.
    """

    def __init__(self, probable: Mapping[str, Any]) -> None:
        self._process = _started()
        self._messages: queue.SimpleQueue[Message | WorkerDied] = queue.SimpleQueue()
        self._errors: deque[str] = deque(maxlen=_KEPT_LINES)
        self._readers = [
            Thread(target=self._read_errors, name="worker-stderr", daemon=True),
            Thread(target=self._read_messages, name="worker-stdout", daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self._write(WORKER_PREPARATION.dump_json(dict(probable)))

    def assign(self, task: WorkerTask) -> None:
        """Tell the worker what to do; it does nothing before."""
        self._write(WORKER_TASK.dump_json(task))

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def receive(self, timeout: float) -> Message | WorkerDied | None:
        """Return the next message; None if there is none within ``timeout`` seconds."""
        try:
            return self._messages.get(timeout=timeout)
        except queue.Empty:
            return None

    def kill(self) -> None:
        """End the worker now; what it has not committed is lost. Returns when it is gone."""
        self._process.kill()
        self._process.wait(_KILL_SECONDS)
        for reader in self._readers:
            reader.join(_KILL_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                _pipe(pipe).close()

    def _write(self, line: bytes) -> None:
        with suppress(OSError):  # it died already: its last message says so
            _pipe(self._process.stdin).write(line + b"\n")
            _pipe(self._process.stdin).flush()

    def _read_messages(self) -> None:
        for line in _pipe(self._process.stdout):
            try:
                self._messages.put(decode(line))
            except JobError as error:
                self._errors.append(str(error))
        code = self._process.wait()
        self._readers[0].join()
        self._messages.put(WorkerDied(self._reason(code)))

    def _read_errors(self) -> None:
        for line in _pipe(self._process.stderr):
            text = line.decode(errors="replace").rstrip()
            _logger.debug("worker %d: %s", self.pid, text)
            if text:
                self._errors.append(text)

    def _reason(self, code: int) -> str:
        last = self._errors[-1] if self._errors else ""
        if code >= 0:
            return f"the worker ended with status {code}" + (f": {last}" if last else "")
        name = signal.Signals(-code).name
        return f"the worker was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _started() -> Process:
    try:
        return _FORK_SERVER.fork()
    except OSError as error:
        _logger.debug("a worker is not forked: %s", error)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=confinement.own_environment(),
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise JobError("worker: expected pipes to it, got none")
    return stream
