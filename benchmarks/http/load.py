"""The load: clients in threads of this process, the service in a process of its own, loopback between them."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import numpy as np

from harness.running_service import RunningService

_TIMEOUT_SECONDS = 120
_STAGE_SECONDS = re.compile(r'^phalp_stage_seconds_sum\{stage="([^"]+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Post:
    """A request: path with query, body, and headers (`Content-Type` at least)."""

    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the client saw it.

    Attributes:
        status: HTTP status, 0 where the connection broke.
        seconds: from the first byte sent (of an open load: from the moment the request was due) to the last received.
        at: monotonic time of its end.
        size: bytes of the body.
        retry_after: whether the answer has that header.
    """

    status: int
    seconds: float
    at: float
    size: int
    retry_after: bool


class Client:
    """One keep-alive connection, as cheap as the standard library has it; a context manager."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS)

    def post(self, post: Post, due: float | None = None) -> Reply:
        """Send ``post`` and wait for the answer; ``due`` is when it should have been sent."""
        started = time.perf_counter() if due is None else due
        status, size, retry_after = 0, 0, False
        try:
            self._connection.request("POST", post.path, post.body, dict(post.headers))
            response = self._connection.getresponse()
            size, status = len(response.read()), response.status
            retry_after = response.getheader("Retry-After") is not None
        except (OSError, http.client.HTTPException):
            self._connection.close()
        ended = time.perf_counter()
        return Reply(status, ended - started, ended, size, retry_after)

    def text(self, path: str) -> str:
        """Return the body of ``path``."""
        self._connection.request("GET", path)
        return self._connection.getresponse().read().decode()

    def stage_seconds(self) -> dict[str, float]:
        """Return the busy seconds of every stage since the service started."""
        return {stage: float(seconds) for stage, seconds in _STAGE_SECONDS.findall(self.text("/metrics"))}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()


@contextmanager
def running(*settings: str, module: str | None = None) -> Iterator[RunningService]:
    """Run a service with the lite models, ready for frames.

    Args:
        settings: ``key=value`` overrides.
        module: what to run in place of ``tracker_service serve``.
    """
    command = ("-m", "tracker_service", "serve") if module is None else ("-m", module)
    with (
        TemporaryDirectory(prefix="phalp-http-") as folder,
        RunningService(Path(folder), *settings, command=command) as service,
    ):
        yield service


def closed_load(url: str, clients: int, seconds: float, post: Callable[[int, int], Post]) -> list[Reply]:
    """Let ``clients`` post one frame after another, each as soon as it has its answer, for ``seconds``.

    Args:
        url: the service.
        clients: connections at the same time.
        seconds: how long.
        post: makes the request of a client (from 0) with a number (from 0).
    """
    end = time.perf_counter() + seconds

    def one(client: int) -> list[Reply]:
        replies: list[Reply] = []
        with Client(url) as connection:
            while time.perf_counter() < end:
                replies.append(connection.post(post(client, len(replies))))
        return replies

    with ThreadPoolExecutor(clients) as pool:
        return [reply for replies in pool.map(one, range(clients)) for reply in replies]


def open_load(url: str, rate: float, seconds: float, threads: int, post: Callable[[int], Post]) -> list[Reply]:
    """Post ``rate`` frames a second for ``seconds``, whether or not earlier ones are answered.

    Args:
        url: the service.
        rate: requests a second, evenly spaced.
        seconds: how long.
        threads: most requests under way. Where they do not suffice, requests start late, which their time includes.
        post: makes the request with a number (from 0).
    """
    local = threading.local()
    clients: list[Client] = []

    def connect() -> None:
        local.client = Client(url)
        clients.append(local.client)

    def one(number: int, due: float) -> Reply:
        reply: Reply = local.client.post(post(number), due)
        return reply

    started = time.perf_counter()
    with ThreadPoolExecutor(threads, initializer=connect) as pool:
        pending = []
        for number in range(int(rate * seconds)):
            due = started + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            pending.append(pool.submit(one, number, due))
        replies = [one.result() for one in pending]
    for client in clients:
        with suppress(OSError):
            client.__exit__(None, None, None)
    return replies


def milliseconds(seconds: Sequence[float], percentile: float) -> float:
    """Return a percentile of ``seconds`` in milliseconds; NaN where there are none."""
    return float(np.percentile(seconds, percentile) * 1e3) if len(seconds) else float("nan")
