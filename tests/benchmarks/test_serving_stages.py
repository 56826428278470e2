"""`benchmarks.serving.stages`: what is computed at the same time counts once, and what waits does not count."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving.stages import computing_seconds, stage_table

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "snow_promenade.mp4"
SECOND = 1_000_000_000


def request(number: int, queued: int, started: int, ended: int | None) -> list[dict[str, Any]]:
    """What the trace says about one request; times in seconds, None: it has not ended."""
    stamps = {"QUEUE_START": queued, "COMPUTE_START": started, "COMPUTE_END": ended}
    times = [{"name": name, "ns": second * SECOND} for name, second in stamps.items() if second is not None]
    named = {"id": number, "model_name": "hmr_lite", "model_version": 1}
    return [named, *({"id": number, "timestamps": [time]} for time in times)]


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [
        ([], 0),
        ([(0, 10, 12)], 2),
        ([(0, 10, 12), (0, 15, 18)], 5),
        ([(0, 15, 18), (0, 10, 12)], 5),
        ([(0, 10, 14), (0, 12, 16)], 6),
        ([(0, 10, 20), (0, 12, 14), (0, 13, 15)], 10),
        ([(0, 10, 12), (0, 12, 14)], 4),
        ([(0, 10, 12), (0, 13, None)], 2),
    ],
    ids=["none", "one", "a pause", "told later", "overlapping", "within another", "touching", "not ended"],
)
def test_computing_seconds(requests: list[tuple[int, int, int | None]], seconds: float) -> None:
    events = [event for number, times in enumerate(requests) for event in request(number, *times)]
    assert computing_seconds(events) == pytest.approx(seconds)


@pytest.mark.registry
@pytest.mark.usefixtures("environment")
def test_a_real_servers_trace_tells_when_it_computed() -> None:
    (row,) = stage_table(SAMPLE, 12, (1,))
    assert row["videos"] == 1
    assert 0.1 < row["Triton computes"] <= 1
    assert 0 < row["decoding and cropping"] < 1
    assert 0 < row["association"] < 1
