"""How many frames a second the service answers, and what it does when twice as many come."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.http.frames import jpegs, there_and_back
from benchmarks.http.load import Post, Reply, closed_load, milliseconds, open_load, running

CLIENTS = (1, 4, 16)
_SIZE = (1920, 1080)
_IMAGES = 48
_SOURCES = 32
"""Videos whose frames arrive in the open load."""
_THREADS = 400
_MANY = "limits.client_requests=100000"
"""All connections come from one address here; this lets them be many clients."""
_WARM_UP_SECONDS = 2.0


def _post(session: str, number: int) -> Post:
    path = f"/pose/hybrid?mesh=false&session_id={session}&frame_number={number}"
    return Post(path, jpegs(_IMAGES, _SIZE)[there_and_back(number, _IMAGES)], {"Content-Type": "image/jpeg"})


def throughput_table(seconds: float, clients: Sequence[int] = CLIENTS) -> list[dict[str, Any]]:
    """Return a row for every number of clients that each post the frames of a video one after another."""
    jpegs(_IMAGES, _SIZE)
    rows = []
    for count in clients:
        with running(_MANY) as service:
            closed_load(service.url, count, _WARM_UP_SECONDS, lambda client, number: _post(f"warm{client}", number))
            replies = closed_load(service.url, count, seconds, lambda client, number: _post(f"c{client}", number))
        answered = [reply.seconds for reply in replies if reply.status == 200]
        rows.append(
            {
                "clients": count,
                "frames/s": len(answered) / seconds,
                "p50 ms": milliseconds(answered, 50),
                "p99 ms": milliseconds(answered, 99),
                "other than 200": len(replies) - len(answered),
            }
        )
    return rows


def overload_table(seconds: float, capacity: float | None = None) -> list[dict[str, Any]]:
    """Return what happens at half, at once and at twice the capacity, which is measured where it is not given.

    Frames of many videos arrive evenly spaced whether or not earlier ones are answered; a refused one stays
    refused.
    """
    jpegs(_IMAGES, _SIZE)
    if capacity is None:
        capacity = throughput_table(seconds, (16,))[0]["frames/s"]
    rows = [_overload(_MANY, "many clients", capacity, factor, seconds) for factor in (0.5, 1.0, 2.0)]
    return [*rows, _overload("limits.client_requests=16", "one client", capacity, 2.0, seconds)]


def _overload(setting: str, who: str, capacity: float, factor: float, seconds: float) -> dict[str, Any]:
    with running(setting) as service:
        closed_load(service.url, 4, _WARM_UP_SECONDS, lambda client, number: _post(f"warm{client}", number))
        replies = open_load(
            service.url,
            factor * capacity,
            seconds,
            _THREADS,
            lambda number: _post(f"video{number % _SOURCES}", number // _SOURCES),
        )
    return {"load": f"{factor:g}x, {who}", "offered/s": factor * capacity, **_outcome(replies, seconds)}


def _outcome(replies: list[Reply], seconds: float) -> dict[str, Any]:
    answered = [reply.seconds for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status != 200]
    # From the first answer to the last: what is under way when the arrivals end counts with the time it takes.
    ends = sorted(reply.at for reply in replies if reply.status == 200)
    span = max(seconds, ends[-1] - ends[0]) if ends else seconds
    return {
        "answered/s": len(answered) / span,
        "answered p50 ms": milliseconds(answered, 50),
        "answered p99 ms": milliseconds(answered, 99),
        "refused": dict(Counter(str(reply.status) for reply in refused)),
        "with Retry-After": sum(reply.retry_after for reply in refused),
        "refused p99 ms": milliseconds([reply.seconds for reply in refused], 99),
    }
