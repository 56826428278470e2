"""Faults of the server while a video is tracked: what the user sees, frames lost, time to recover."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tritonclient.grpc import InferenceServerClient

from benchmarks.serving.server import MODELS, serving
from harness.triton.server import TritonServer
from harness.video_run import VideoRun, compare, run_video
from tracker_service.errors import InferenceError
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient

JOB = InferenceParameters(budget_seconds=math.inf)
FRAME = InferenceParameters(budget_seconds=5.0, attempt_seconds=2.0)
DOWN_SECONDS = 2.0


def fault_tables(source: Path, frames: int, reference: VideoRun) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run every fault; ``reference`` is the same video with embedded models.

    Returns:
        A row for each fault during a run, and one for each that ends a call for a single frame.
    """
    rows = []
    for name, fault in (
        ("kill -9 of the server, restarted", crash),
        ("kill -9 of a backend stub, reloaded", lose_stub),
    ):
        with serving() as server:
            rows.append({"fault": name, **_during_a_run(server, source, frames, reference, fault)})
    with serving(start=False) as server:
        rows.append({"fault": "server not yet up", **_before_the_server(server, source, frames, reference)})
    with serving(queue_size=1) as server:
        rows.append({"fault": "queue of 1, four runs at once", **_full_queue(server, source, frames // 4)})
    return rows, [{"fault": name, **_frame_call(*case)} for name, case in _frame_calls().items()]


def crash(server: TritonServer) -> None:
    """End the server as a crash does, and start it again after a while."""
    server.crash(DOWN_SECONDS)


def lose_stub(server: TritonServer) -> None:
    """End the processes of the models; only reloading brings them back."""
    for stub in server.stubs():
        stub.kill()
    time.sleep(DOWN_SECONDS)
    with InferenceServerClient(server.url) as client:
        for model in MODELS:
            client.unload_model(model)
        time.sleep(1.5)
        for model in MODELS:
            client.load_model(model)


@contextmanager
def _client(server: TritonServer, policy: InferenceParameters, **options: Any) -> Iterator[TritonClient]:
    client = TritonClient(server.url, replace(policy, **options))
    try:
        yield client
    finally:
        client.close()


def _during_a_run(
    server: TritonServer, source: Path, frames: int, reference: VideoRun, fault: Callable[[TritonServer], None]
) -> dict[str, Any]:
    healed: list[float] = []

    def act() -> None:
        fault(server)
        healed.append(time.perf_counter())

    thread = threading.Thread(target=act)

    def on_frame(done: int) -> None:
        if done == frames // 3:
            thread.start()

    with _client(server, JOB) as client:
        started = time.perf_counter()
        run = run_video(client, source, frames, on_frame)
        thread.join()
        gaps = np.diff(run.finished_at)
        resumed = started + run.finished_at[int(gaps.argmax()) + 1]
        return {
            "user_sees": f"a pause of {gaps.max():.1f} s and two log lines",
            **compare(run, reference),
            "seconds_to_recover": max(0.0, resumed - healed[0]),
            "repetitions": client.retries(),
        }


def _before_the_server(server: TritonServer, source: Path, frames: int, reference: VideoRun) -> dict[str, Any]:
    ready: list[float] = []

    def act() -> None:
        time.sleep(DOWN_SECONDS)
        server.start()
        ready.append(time.perf_counter())

    thread = threading.Thread(target=act)
    thread.start()
    with _client(server, JOB) as client:
        client.signature(MODELS[0])
        answered = time.perf_counter()
        run = run_video(client, source, frames)
        thread.join()
        return {
            "user_sees": "waits, then runs",
            **compare(run, reference),
            "seconds_to_recover": max(0.0, answered - ready[0]),
            "repetitions": client.retries(),
        }


def _full_queue(server: TritonServer, source: Path, frames: int) -> dict[str, Any]:
    runs: list[VideoRun] = []
    with _client(server, JOB, max_in_flight=16) as client:
        threads = [threading.Thread(target=lambda: runs.append(run_video(client, source, frames))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "user_sees": "slower runs",
            "frames_lost": 4 * frames - sum(len(run.ids) for run in runs),
            "ids_identical": len({run.ids for run in runs}) == 1,
            "worst_joint_mm": None,
            "seconds_to_recover": 0.0,
            "repetitions": client.retries(),
        }


def _frame_calls() -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return model, server options and client options of faults that end a call, by name."""
    slow = {"parameters": {"hmr_lite": {"test_delay_ms": "3000"}}}
    return {
        "server down, frame call": ("hmr_lite", {"start": False}, {}),
        "model missing": ("hmr2", {}, {}),
        "wrong model version": ("hmr_lite", {}, {"versions": {"hmr_lite": "7"}}),
        "model slower than the deadline": ("hmr_lite", slow, {}),
    }


def _frame_call(model: str, server_options: dict[str, Any], client_options: dict[str, Any]) -> dict[str, Any]:
    with serving(**server_options) as server, _client(server, FRAME, **client_options) as client:
        started = time.perf_counter()
        try:
            client.infer(model, {"crops": np.zeros((1, 256, 256, 3), np.uint8)}, ["betas"])
            sees = "an answer"
        except InferenceError as error:
            sees = f"{type(error).__name__}: {str(error).replace(server.url, 'HOST:PORT')}"
        return {"user_sees": sees, "seconds_to_error": time.perf_counter() - started}
