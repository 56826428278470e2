"""nginx with the committed configuration, in front of small servers that say who they are."""

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.ports import free_port
from tests.deploy.running_stack import DEPLOY

Find = Callable[[str], Path]
_NAMES = ("tracker-1", "tracker-2")


def _server(name: str) -> ThreadingHTTPServer:
    class Named(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = f"{name} {self.headers.get('X-Forwarded-For')} {self.headers.get('X-Session-Id')}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")  # a lost server answers on no connection that is still open
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Named)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Proxy:
    """A running nginx and the servers behind it."""

    def __init__(self, port: int, servers: dict[str, ThreadingHTTPServer]) -> None:
        self.port = port
        self.servers = servers

    def get(self, path: str, session: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers={} if session is None else {"X-Session-Id": session})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def lose(self, name: str) -> None:
        self.servers[name].shutdown()
        self.servers[name].server_close()


@pytest.fixture
def proxy(find: Find, tmp_path: Path) -> Iterator[Proxy]:
    nginx, port = find("nginx"), free_port()
    servers = {name: _server(name) for name in _NAMES}
    upstream = (DEPLOY / "nginx" / "upstream.conf").read_text()
    for name, server in servers.items():
        assert f"{name}:8000" in upstream
        upstream = upstream.replace(f"{name}:8000", f"127.0.0.1:{server.server_port}")
    (tmp_path / "upstream.conf").write_text(upstream)
    configuration = (DEPLOY / "nginx" / "nginx.conf").read_text()
    for committed, here in (
        ("/tmp/", f"{tmp_path}/"),  # noqa: S108 - a folder of the container
        ("/etc/nginx/upstream.conf", f"{tmp_path}/upstream.conf"),
        ("listen 8080", f"listen 127.0.0.1:{port}"),
        ("/dev/stdout", f"{tmp_path}/access.log"),
        ("/dev/stderr", f"{tmp_path}/error.log"),
    ):
        assert committed in configuration
        configuration = configuration.replace(committed, here)
    (tmp_path / "nginx.conf").write_text(configuration)
    command = [str(nginx), "-e", f"{tmp_path}/start.log", "-c", f"{tmp_path}/nginx.conf", "-g", "daemon off;"]
    process = subprocess.Popen(command, start_new_session=True)
    running = Proxy(port, servers)
    try:
        _wait(running)
        yield running
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
        for server in servers.values():
            server.shutdown()
            server.server_close()


def _wait(proxy: Proxy) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", proxy.port)) == 0:
                return
        assert time.monotonic() < deadline, "nginx did not start"
        time.sleep(0.05)


@pytest.mark.registry
def test_session_stays_with_its_tracker_and_sessions_spread(proxy: Proxy) -> None:
    trackers = {}
    for number in range(40):
        answers = {proxy.get("/pose", f"session-{number}")[1].split()[0] for _ in range(3)}
        assert len(answers) == 1
        trackers[number] = answers.pop()
    assert set(trackers.values()) == set(_NAMES)
    assert min(Counter(trackers.values()).values()) >= 5


@pytest.mark.registry
def test_client_without_a_session_stays_with_one_tracker_and_its_address_is_passed_on(proxy: Proxy) -> None:
    answers = {proxy.get("/pose")[1] for _ in range(10)}
    assert len(answers) == 1
    assert answers.pop().split()[1:] == ["127.0.0.1", "None"]


@pytest.mark.registry
def test_sessions_of_a_lost_tracker_are_answered_by_the_other_and_the_rest_stay(proxy: Proxy) -> None:
    before = {f"session-{number}": proxy.get("/", f"session-{number}")[1].split()[0] for number in range(20)}
    proxy.lose("tracker-1")
    for session, tracker in before.items():
        status, answer = proxy.get("/", session)
        assert status == 200
        assert answer.split()[0] == "tracker-2", (session, tracker)


@pytest.mark.registry
def test_metrics_are_not_for_clients(proxy: Proxy) -> None:
    assert proxy.get("/metrics")[0] == 404
