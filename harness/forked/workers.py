"""Workers of a forked service: what forks them is forked too, and so has the imports already.

A service starts that process with its first video, which takes a second of computing each time. Program, requests, end
and the mask of new files are the same; the limits of resources are those before the service set its own.
"""

import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from harness.forked import FORK_SERVER
from tracker_service.jobs.worker_processes import fork_server, worker_process
from tracker_service.jobs.worker_processes.process import Process

PROGRAM = "tracker_service.jobs.worker.fork_server"


class _ForkedChild:
    """A forked child of this process."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._status: int | None = None

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        if self._status is None:
            if not select.select([self._descriptor], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(FORK_SERVER, timeout or 0.0)
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def kill(self) -> None:
        if self._status is None:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)


def prepare() -> None:
    """Fork the process while this one has a single thread; it waits until the first worker is wanted."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if not pid:
        ours.close()
        _serve(its)
    its.close()
    waiting: list[_ForkedChild] = [_ForkedChild(pid)]

    def start(requests: socket.socket) -> Process:
        if not waiting:  # it has ended: the next one is started as the service does it
            return fork_server.start(requests)
        with ours:
            socket.send_fds(ours, [_umask()], [requests.fileno()])  # that of the service, as it is now
        return waiting.pop()

    worker_process._FORK_SERVER = fork_server.ForkServer(start)


def _umask() -> bytes:
    """Return this process's mask, octal; asking the kernel for it would change it for a moment."""
    lines = Path("/proc/self/status").read_bytes().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(b"Umask:"))


def _serve(wanted: socket.socket) -> None:
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        for number in (1, 2):
            os.dup2(nothing, number)
        Path("/proc/self/comm").write_text(FORK_SERVER)
        umask, descriptors, _, _ = socket.recv_fds(wanted, 16, 1)
        wanted.close()
        if descriptors:
            os.umask(int(umask, 8))
            os.dup2(descriptors[0], 0)
            os.close(descriptors[0])
            sys.stdin = open(0, closefd=False)  # noqa: SIM115 - forked processes of multiprocessing have none
            runpy.run_module(PROGRAM, run_name="__main__", alter_sys=True)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
