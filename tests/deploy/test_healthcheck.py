"""The container's health check against a server that is ready, not ready, or not there."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.ports import free_port
from tests.deploy.running_stack import DEPLOY


def _check(port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / "tracker" / "healthcheck.py"],
        env={**os.environ, "PHALP_TRITON_SERVICE__PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(("status", "exit_status"), [(200, 0), (503, 1), (404, 1)])
def test_exit_status_follows_readiness(status: int, exit_status: int) -> None:
    asked: list[str] = []

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"the reason")

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        done = _check(server.server_port)
        thread.join()
    assert done.returncode == exit_status
    assert done.stdout.strip() == f"{status} the reason"
    assert asked == ["/readyz"]


def test_nobody_listening_is_not_ready() -> None:
    done = _check(free_port())
    assert done.returncode == 1
    assert "no answer" in done.stdout
