"""``python -m tracker_service.jobs.worker.fork_server``: has imported what workers need, and forks them.

Standard input is a socket of messages. Each says where a worker is wanted and brings four descriptors: its standard
input, output and errors, and a socket. That is told the worker's process id, with a descriptor of the process, and at
its end its exit status. The end of standard input ends this process and all of its workers.
"""

import tracker_service.process.no_collection
import tracker_service.process.single_blas_thread  # noqa: F401 - before numpy

# isort: split
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracker_service.jobs.worker.main import main as work
from tracker_service.jobs.worker.task import SURROUNDINGS

_DESCRIPTORS = 4
_MOST_BYTES = 1 << 20
"""More than the kernel takes for a message."""
_TASKS = Path("/proc/self/task")


@dataclass(frozen=True, slots=True)
class _Worker:
    """A worker that runs; ``outcome`` is told how it ends."""

    pid: int
    descriptor: int
    outcome: socket.socket

    def close(self) -> None:
        os.close(self.descriptor)
        self.outcome.close()


def main() -> None:
    """Fork workers until standard input ends; a worker does its work in here, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in workers
    if (threads := sum(1 for _ in _TASKS.iterdir())) > 1:
        sys.exit(f"workers: expected one thread before they are forked, got {threads}")
    gc.freeze()  # pages of modules stay shared with the workers
    if _forked(socket.socket(fileno=os.dup(0))):
        work()


def _forked(requests: socket.socket) -> bool:
    """Serve requests; returns True in each worker, and False at their end."""
    workers: dict[int, _Worker] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), *workers], [], [])
        for descriptor in workers.keys() & ready:
            _tell_end(workers.pop(descriptor))
        if requests.fileno() in ready:
            asked, descriptors, _, _ = socket.recv_fds(requests, _MOST_BYTES, _DESCRIPTORS)
            if not asked:
                _end(workers.values())
                return False
            try:
                worker = _fork(descriptors)
            except OSError:  # no room for one more process; the service sees its outcome end
                continue
            if worker is None:
                requests.close()
                for other in workers.values():
                    other.close()
                surroundings = SURROUNDINGS.validate_json(asked)
                os.chdir(surroundings.folder)
                os.environ.clear()
                os.environ.update(surroundings.environment)
                return True
            workers[worker.descriptor] = worker


def _fork(descriptors: list[int]) -> _Worker | None:
    """Return the worker, None in the worker itself."""
    try:
        pid = os.fork()
        if not pid:
            for place, descriptor in enumerate(descriptors[:3]):
                os.dup2(descriptor, place)
            return None
        worker = _Worker(pid, os.pidfd_open(pid), socket.socket(fileno=os.dup(descriptors[3])))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    with suppress(OSError):  # the service no longer waits for it
        socket.send_fds(worker.outcome, [str(pid).encode()], [worker.descriptor])
    return worker


def _tell_end(worker: _Worker) -> None:
    _, status = os.waitpid(worker.pid, 0)
    with suppress(OSError):
        worker.outcome.send(str(os.waitstatus_to_exitcode(status)).encode())
    worker.close()


def _end(workers: Iterable[_Worker]) -> None:
    for worker in workers:
        signal.pidfd_send_signal(worker.descriptor, signal.SIGKILL)
        _tell_end(worker)


if __name__ == "__main__":
    main()
