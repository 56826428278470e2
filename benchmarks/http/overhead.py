"""What the way through the service costs a frame, one client at a time.

The service publishes the busy seconds of its stages. With one request under way at a time their growth from one request
to the next belongs to that request, so

    overhead = latency seen by the client - decoding of the image - detection, crops, bodies and features,

which leaves: the connection, reading and parsing the body, sessions and association, the JSON answer, and every
hand-over between threads. Detection and bodies are nearly all inference; crops and features are
work that a video needs as well.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.http.frames import jpegs, json_body, there_and_back
from benchmarks.http.load import Client, Post, milliseconds, running

_SIZE = (1920, 1080)
_IMAGES = 48
_BEYOND = ("decoding", "detection", "crops", "bodies", "features")
_OWN = ("parsing", "association", "encoding")
_WARM_UP = 10

_PostOf = Callable[[bytes, int, str], Post]


def _bare(jpeg: bytes, number: int, query: str) -> Post:
    return Post(f"/pose/hybrid?frame_number={number}&{query}", jpeg, {"Content-Type": "image/jpeg"})


def _bare_gzip(jpeg: bytes, number: int, query: str) -> Post:
    post = _bare(jpeg, number, query)
    return Post(post.path, post.body, {**post.headers, "Accept-Encoding": "gzip"})


def _json(jpeg: bytes, number: int, query: str) -> Post:
    return Post(f"/pose/hybrid?{query}", json_body(jpeg, number), {"Content-Type": "application/json"})


_WAYS: tuple[tuple[str, _PostOf, str], ...] = (
    ("JPEG, no mesh", _bare, "mesh=false"),
    ("JSON with base64, no mesh", _json, "mesh=false"),
    ("JPEG, mesh", _bare, "mesh=true"),
    ("JPEG, mesh, gzip", _bare_gzip, "mesh=true"),
)


def overhead_table(frames: int) -> list[dict[str, Any]]:
    """Return a row for every way of posting ``frames`` frames; milliseconds, and kB of the answer."""
    with running() as service:
        return [_row(service.url, name, post, query, frames) for name, post, query in _WAYS]


def _row(url: str, name: str, post: _PostOf, query: str, frames: int) -> dict[str, Any]:
    images = jpegs(_IMAGES, _SIZE)
    session = f"session_id={name.replace(' ', '_').replace(',', '')}"
    size = 0
    overhead: list[float] = []
    latency: list[float] = []
    own: dict[str, list[float]] = {stage: [] for stage in _OWN}
    with Client(url) as client, Client(url) as metrics:
        before = metrics.stage_seconds()
        for number in range(frames + _WARM_UP):
            jpeg = images[there_and_back(number, _IMAGES)]
            reply = client.post(post(jpeg, number, f"{query}&{session}"))
            if reply.status != 200:
                raise SystemExit(f"{name}, frame {number}: expected status 200, got {reply.status}")
            after = metrics.stage_seconds()
            spent = {stage: after[stage] - before.get(stage, 0.0) for stage in after}
            before = after
            if number < _WARM_UP:
                continue
            latency.append(reply.seconds)
            overhead.append(reply.seconds - sum(spent[stage] for stage in _BEYOND))
            for stage in _OWN:
                own[stage].append(spent[stage])
            size = max(size, reply.size)
    return {
        "request": name,
        "overhead p50": milliseconds(overhead, 50),
        "p99": milliseconds(overhead, 99),
        **{f"{stage} p50": milliseconds(own[stage], 50) for stage in _OWN},
        "latency p50": milliseconds(latency, 50),
        "latency p99": milliseconds(latency, 99),
        "answer kB": size / 1000,
    }
