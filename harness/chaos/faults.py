"""What is done to a running job."""

import os
import signal
import time

import psutil

from harness.chaos.tree import ServiceTree
from harness.triton.server import TritonServer

_DOWN_SECONDS = 1.0


def kill_worker(tree: ServiceTree) -> None:
    """End the worker with kill -9; the service must go on answering."""
    for process in tree.workers():
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    assert tree.service.get("/livez").status_code == 200


def kill_service(tree: ServiceTree) -> None:
    """End the service with kill -9 and start it again."""
    tree.kill_service()
    tree.start()


def stop_service(tree: ServiceTree) -> None:
    """End the service politely in mid-chunk and start it again."""
    status = tree.service.stop()
    assert status == 0, tree.service.log()
    tree.start()


class KillTriton:
    """Ends tritonserver and its stubs with kill -9 and starts it again a second later.

    Args:
        server: the running server.
    """

    def __init__(self, server: TritonServer) -> None:
        self._server = server

    def __call__(self, tree: ServiceTree) -> None:
        """End the server and start it again; meanwhile the service must go on answering."""
        os.kill(self._server.pid, signal.SIGKILL)
        time.sleep(_DOWN_SECONDS)
        assert tree.service.get("/livez").status_code == 200
        self._server.kill()
        self._server.start()
