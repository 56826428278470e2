"""How busy the stages of the pipeline are behind Triton, by the server's own trace of when it computed."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.serving.load import VIDEOS, in_processes
from benchmarks.serving.server import serving


def stage_table(source: Path, frames: int, videos: tuple[int, ...] = VIDEOS) -> list[dict[str, Any]]:
    """Return a row for every number of videos at once: the part of the wall time in which each stage worked."""
    return [_row(source, frames, count) for count in videos]


def _row(source: Path, frames: int, count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="phalp-trace-") as folder:
        trace = Path(folder) / "trace.json"
        with serving(trace=trace) as server:
            runs, seconds = in_processes(server.url, source, frames, count, shared_memory=True)
            server.stop()  # writes what is left of the trace
        events = json.loads(trace.read_text())
    return {
        "videos": count,
        "fps": count * frames / seconds,
        "decoding and cropping": fmean((run.stages["decoding"] + run.stages["crops"]) / run.seconds for run in runs),
        "Triton computes": computing_seconds(events) / seconds,
        "association": fmean(run.stages["association"] / run.seconds for run in runs),
    }


def computing_seconds(events: Iterable[Mapping[str, Any]]) -> float:
    """Return how long at least one request was being computed; waiting in a queue and transport do not count.

    Args:
        events: entries of Triton's trace file with ``TIMESTAMPS``.
    """
    times: dict[int, dict[str, int]] = {}
    for event in events:
        for stamp in event.get("timestamps", ()):
            times.setdefault(event["id"], {})[stamp["name"]] = stamp["ns"]
    spans = sorted((of["COMPUTE_START"], of["COMPUTE_END"]) for of in times.values() if "COMPUTE_END" in of)
    busy, until = 0, 0
    for start, end in spans:
        busy += max(0, end - max(start, until))
        until = max(until, end)
    return busy / 1e9
