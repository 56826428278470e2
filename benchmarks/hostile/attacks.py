"""The attacks, each with what a quiet client asks meanwhile; a case returns how that went, in words."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from benchmarks.hostile.attacked_service import ATTACKER, QUIET
from benchmarks.http.frames import jpegs
from harness.hostile_files import mov, pictures_in_matroska, progressive_jpeg
from harness.running_service import RunningService

_PATIENCE = 60.0
_SECONDS = 10.0
_JPEG = {"Content-Type": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack.

    Attributes:
        name: what is done.
        run: attacks, and returns how the quiet client fared.
        files: how many files the service may open.
    """

    name: str
    run: Callable[[RunningService], str]
    files: int = 1024


def _timed(ask: Callable[[], httpx.Response]) -> str:
    started = time.perf_counter()
    try:
        status = str(ask().status_code)
    except httpx.HTTPError as error:
        status = type(error).__name__
    return f"{status} after {time.perf_counter() - started:.1f} s"


def post_image(service: RunningService, image: bytes, key: dict[str, str]) -> httpx.Response:
    """Send an image as a frame."""
    url = f"{service.url}/pose?frame_number=0"
    return httpx.post(url, content=image, headers={**_JPEG, **key}, timeout=_PATIENCE, trust_env=False)


def upload(service: RunningService, video: bytes, key: dict[str, str]) -> httpx.Response:
    """Send a video as a job."""
    files = {"video": ("a.mov", video)}
    return httpx.post(f"{service.url}/jobs", files=files, headers=key, timeout=_PATIENCE, trust_env=False)


def _beside(attack: Callable[[], object], times: int, quiet: Callable[[], str]) -> str:
    """Return what ``quiet`` returns while ``attack`` runs some times at once; what is left of it is waited for."""
    with ThreadPoolExecutor(times) as attackers:
        for _ in range(times):
            attackers.submit(attack)
        time.sleep(1.0)
        return quiet()


def slow_images(service: RunningService) -> str:
    """H2: images of thousands of scans."""
    image, frame = progressive_jpeg(7000, 7000, scans=3000), jpegs(1, (1280, 720))[0]
    return _beside(
        lambda: post_image(service, image, ATTACKER), 2, lambda: _timed(lambda: post_image(service, frame, QUIET))
    )


def long_tables(service: RunningService) -> str:
    """H1a: a video whose table claims ten million samples."""
    return _timed(lambda: upload(service, mov(10_000_000, data=bytes(24_576)), ATTACKER))


def slow_videos(service: RunningService) -> str:
    """H1b: videos whose first picture takes long to decode."""
    slow = pictures_in_matroska(progressive_jpeg(4000, 2300, scans=20_000), 4000, 2300)
    short = mov(2, data=bytes(2 * 12_288))
    return _beside(lambda: upload(service, slow, ATTACKER), 4, lambda: _timed(lambda: upload(service, short, QUIET)))


def endless_header(service: RunningService) -> str:
    """H3: a header without end."""
    piece, sent, end = b"a" * 65_536, 0, time.monotonic() + _SECONDS
    with connected(service) as connection, suppress(OSError):
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: ")
        while time.monotonic() < end:
            connection.sendall(piece)
            sent += len(piece)
    return f"{sent >> 20} MiB taken"


def half_open(service: RunningService) -> str:
    """H4: more unfinished requests than the process may open files."""
    with ExitStack() as stack:
        for _ in range(240):
            with suppress(OSError):
                stack.enter_context(connected(service)).sendall(b"GET /livez HTTP/1.1\r\nX: ")
        return _timed(lambda: httpx.get(f"{service.url}/livez", timeout=20, trust_env=False))


def trickling_bodies(service: RunningService) -> str:
    """H6: bodies of the largest size that come byte by byte."""
    head = (
        f"POST /pose/hybrid HTTP/1.1\r\nHost: x\r\nX-API-Key: {ATTACKER['X-API-Key']}\r\nContent-Type: image/jpeg\r\n"
    )
    frame, end = jpegs(1, (1280, 720))[0], threading.Event()
    with ExitStack() as stack:
        connections = [stack.enter_context(connected(service)) for _ in range(16)]

        def trickle() -> None:
            while not end.wait(5.0):
                for connection in connections:
                    with suppress(OSError):
                        connection.sendall(b"a")

        for connection in connections:
            connection.sendall(f"{head}Content-Length: 33554432\r\n\r\na".encode())
        trickling = threading.Thread(target=trickle)
        trickling.start()
        try:
            time.sleep(1.0)
            return _timed(lambda: post_image(service, frame, QUIET))
        finally:
            end.set()
            trickling.join()


@contextmanager
def connected(service: RunningService) -> Iterator[socket.socket]:
    """Connect, and hang up at the end."""
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        yield connection


ATTACKS = (
    Attack("two JPEGs of 3,000 scans; a frame beside them", slow_images),
    Attack("a video that claims 10 million samples; its own answer", long_tables),
    Attack("four videos of 20,000 scans a picture; an upload beside them", slow_videos),
    Attack("a header without end for 10 s", endless_header),
    Attack("240 half-open requests, 256 files; /livez beside them", half_open, files=256),
    Attack("16 bodies of 32 MiB, a byte each 5 s; a frame beside them", trickling_bodies),
)
