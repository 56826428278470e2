"""How long an instance of a model waits between two batches, although requests queue for it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.serving.server import Counters, counters, serving
from harness.triton.server import TritonServer
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient

_MODEL, _ROWS, _SIDE = "detector_lite", 4, 416
_CALLERS = 4
"""Callers at the same time: with requests of 4 rows there is always one that waits."""


def gap_table(seconds: float) -> list[dict[str, Any]]:
    """Return a row for a queue with and without bounds, and one and two instances, each measured for ``seconds``."""
    return [_row(bounded, count, seconds) for bounded in (False, True) for count in (1, 2)]


def _row(bounded: bool, count: int, seconds: float) -> dict[str, Any]:
    with serving(bounded_queue=bounded, instance_counts={_MODEL: count}) as server:
        done, elapsed = _saturate(server, seconds)
    executions = max(done.executions, 1)
    return {
        "queue": "bounded" if bounded else "without bounds",
        "instances": count,
        "batches/s": done.executions / elapsed,
        "rows a batch": done.rows / executions,
        "computing, ms a batch": 1e3 * done.compute_seconds / executions,
        "waiting, ms a batch": 1e3 * (count * elapsed - done.compute_seconds) / executions,
        "busy": done.compute_seconds / elapsed / count,
    }


def _saturate(server: TritonServer, seconds: float) -> tuple[Counters, float]:
    """Let the callers ask one request after another; returns what was done and in how many seconds."""
    images = np.zeros((_ROWS, _SIDE, _SIDE, 3), np.uint8)
    end = threading.Event()
    client = TritonClient(server.url, InferenceParameters(max_in_flight=_CALLERS))

    def ask() -> None:
        while not end.is_set():
            client.infer(_MODEL, {"images": images}, ("boxes", "scores"))

    try:
        with ThreadPoolExecutor(_CALLERS) as pool:
            asking = [pool.submit(ask) for _ in range(_CALLERS)]
            time.sleep(1.0)  # until all of them wait
            before, started = counters(server, _MODEL), time.perf_counter()
            time.sleep(seconds)
            done, elapsed = counters(server, _MODEL).since(before), time.perf_counter() - started
            end.set()
            for one in asking:
                one.result()
    finally:
        client.close()
    return done, elapsed
