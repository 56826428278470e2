"""What decoding in another process costs a frame: two versions of the service, asked in turn."""

import statistics
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.hostile.attacked_service import QUIET, attacked
from benchmarks.http.frames import jpegs, there_and_back

_SIZES = ((1280, 720), (1920, 1080))
_IMAGES, _WARM_UP = 24, 8


def isolation_table(before: Path, now: Path, pairs: int) -> list[dict[str, Any]]:
    """Return a row a size of picture, milliseconds: one client asks the two versions in turn, a frame at a time."""
    with attacked(before) as first, attacked(now) as second:
        clients = [httpx.Client(base_url=service.url, timeout=60, trust_env=False) for service in (first, second)]
        return [_row(clients, size, pairs) for size in _SIZES]


def _row(clients: list[httpx.Client], size: tuple[int, int], pairs: int) -> dict[str, Any]:
    images = jpegs(_IMAGES, size)
    taken: list[list[float]] = [[], []]
    for number in range(pairs + _WARM_UP):
        image = images[there_and_back(number, _IMAGES)]
        order = (0, 1) if number % 2 else (1, 0)
        for version in order:
            seconds = _latency(clients[version], image, number, f"of {size[0]} pixels")
            if number >= _WARM_UP:
                taken[version].append(seconds * 1000)
    differences = [now - before for before, now in zip(*taken, strict=True)]
    return {
        "size": f"{size[0]}x{size[1]}",
        "before": statistics.median(taken[0]),
        "now": statistics.median(taken[1]),
        "difference": statistics.median(differences),
        "pairs": pairs,
    }


def _latency(client: httpx.Client, image: bytes, number: int, session: str) -> float:
    headers = {"Content-Type": "image/jpeg", "X-Session-Id": session.replace(" ", "_"), **QUIET}
    started = time.perf_counter()
    client.post(f"/pose/hybrid?mesh=false&frame_number={number}", content=image, headers=headers).raise_for_status()
    return time.perf_counter() - started
