"""What the attacker of a siege does, in any order and again and again; each takes some seconds."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cache, partial
from itertools import takewhile
from typing import TypeAlias

import httpx

from benchmarks.hostile.attacked_service import ATTACKER
from benchmarks.hostile.attacks import connected, post_image, upload
from benchmarks.http.frames import jpegs
from harness.hostile_files import mov, pictures_in_matroska, progressive_jpeg
from harness.running_service import RunningService

Assault: TypeAlias = Callable[[RunningService], None]
_AT_ONCE = 16
_SECONDS = 5.0
_HEAD = f"POST /pose/hybrid HTTP/1.1\r\nHost: x\r\nX-API-Key: {ATTACKER['X-API-Key']}\r\nContent-Type: image/jpeg\r\n"
_EMPTY_VIDEO = mov(2, data=bytes(2 * 12_288))


def slow_images(service: RunningService) -> None:
    """Images whose decoding takes as long as one may."""
    _at_once(4, lambda _: post_image(service, _slow_image(), ATTACKER))


def many_frames(service: RunningService) -> None:
    """Frames of many sessions at the same time."""
    image, end = jpegs(1, (1280, 720))[0], time.monotonic() + _SECONDS

    def post(number: int) -> None:
        with service.client(headers={**ATTACKER, "Content-Type": "image/jpeg"}) as client:
            frame = 0
            while time.monotonic() < end:
                session = f"attack-{number}-{frame // 4}"
                client.post("/pose/hybrid", content=image, params={"frame_number": frame, "session_id": session})
                frame += 1

    _at_once(_AT_ONCE, post)


def lying_videos(service: RunningService) -> None:
    """Videos that claim millions of samples, or have a picture of thousands of scans."""
    videos = (mov(10_000_000, data=bytes(24_576)), _slow_video())
    _at_once(4, lambda number: upload(service, videos[number % 2], ATTACKER))


def many_jobs(service: RunningService) -> None:
    """More jobs of the highest priority than there is room for, cancelled in the end."""
    with service.client(headers=ATTACKER) as client:
        for _ in _for_a_while(60):
            client.post("/jobs", files={"video": ("a.mov", _EMPTY_VIDEO)}, data={"priority": "0"})
        for job in client.get("/jobs?limit=100").json()["jobs"]:
            client.delete(f"/jobs/{job['job_id']}")


def many_lists(service: RunningService) -> None:
    """The list of all jobs, many times at once."""
    with service.client(headers=ATTACKER) as client:
        _at_once(_AT_ONCE, lambda _: [client.get("/jobs?limit=100") for _ in _for_a_while(20)])


def followers(service: RunningService) -> None:
    """Many followers of one job who do not read."""
    with ExitStack() as stack:
        client = stack.enter_context(service.client(headers=ATTACKER))
        job = client.post("/jobs", files={"video": ("a.mov", _EMPTY_VIDEO)}).json().get("job_id")
        for _ in range(64 if job else 0):
            stack.enter_context(client.stream("GET", f"/jobs/{job}/events"))
        time.sleep(_SECONDS)


def trickling_bodies(service: RunningService) -> None:
    """Bodies of the largest size that come byte by byte."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connected(service)) for _ in range(_AT_ONCE)]
        for connection in connections:
            connection.sendall(f"{_HEAD}Content-Length: 33554432\r\n\r\na".encode())
        for _ in range(5):
            time.sleep(_SECONDS / 5)
            for connection in connections:
                with suppress(OSError):
                    connection.sendall(b"a")


def half_open(service: RunningService) -> None:
    """Hundreds of unfinished requests."""
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(connected(service)).sendall(b"GET /livez HTTP/1.1\r\nX: ")
        time.sleep(_SECONDS)


def endless_header(service: RunningService) -> None:
    """A header without end."""
    with connected(service) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: ")
        for _ in _for_a_while(1000):
            connection.sendall(b"a" * 65_536)


def broken_bodies(service: RunningService) -> None:
    """JSON, forms and images that are changed here and there."""
    image, chance = bytearray(jpegs(1, (320, 180))[0]), random.Random(0)
    with service.client(headers=ATTACKER) as client:
        for number in _for_a_while(200):
            image[chance.randrange(len(image))] = chance.randrange(256)
            client.post("/pose/hybrid", json={"image_base64": "x" * number, "frame_number": -number})
            client.post("/pose", content=bytes(image), headers={"Content-Type": "image/jpeg"})
            client.post("/jobs", files={"video": ("a.mp4", bytes(image[:number]))})


def foreign_paths(service: RunningService) -> None:
    """Files that the client must not name, and jobs that are none of it."""
    with service.client(headers=ATTACKER) as client:
        for path in ("/etc/passwd", "/proc/self/environ", "http://127.0.0.1:1/a.m3u8", "\\\\nas\\a.mp4", "a" * 5000):
            answer = client.post("/jobs", json={"video_path": path})
            if answer.status_code < 400:
                raise AssertionError(f"expected {path[:40]} to be refused, got {answer.status_code}")
        for number in _for_a_while(100):
            client.get(f"/jobs/{number:032x}/results")


ASSAULTS: tuple[Assault, ...] = (
    slow_images,
    many_frames,
    lying_videos,
    many_jobs,
    many_lists,
    followers,
    trickling_bodies,
    half_open,
    endless_header,
    broken_bodies,
    foreign_paths,
)


def run_assault(assault: Assault, service: RunningService) -> None:
    """Run one; that the service refuses it or hangs up is none of the attacker's business."""
    with suppress(httpx.HTTPError, OSError):
        assault(service)


def _for_a_while(times: int) -> Iterator[int]:
    """Count, until it takes too long for an assault."""
    end = time.monotonic() + _SECONDS
    return takewhile(lambda _: time.monotonic() < end, range(times))


def _at_once(times: int, ask: Callable[[int], object]) -> None:
    def quietly(number: int) -> None:
        with suppress(httpx.HTTPError, OSError):
            ask(number)

    with ThreadPoolExecutor(times) as attackers:
        list(attackers.map(quietly, range(times)))


@cache
def _slow_image() -> bytes:
    return progressive_jpeg(2500, 2500, scans=100)


_slow_video = cache(partial(pictures_in_matroska, progressive_jpeg(4000, 2300, scans=5000), 4000, 2300))
