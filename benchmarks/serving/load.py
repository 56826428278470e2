"""Several videos at once on one server: throughput, average batch, where the time goes."""

import multiprocessing
import time
from dataclasses import asdict, dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serving.server import MODELS, counters, instances, serving
from harness.triton.server import TritonServer
from harness.video_run import VideoRun, run_video
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient
from tracker_service.settings import load_settings
from tracker_service.wiring.models import open_client

VIDEOS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Load:
    """What one configuration did.

    Attributes:
        videos: videos tracked at the same time, each by a process of its own.
        shared_memory, dynamic_batching: what was on.
        fps: frames a second of all videos together, wall time.
        average_batch: rows per execution by model.
        busy: part of the wall time in which the model's instances computed (1.0: all of them all the time), by model.
        overhead_ms: time per frame outside inference: decoding, crops, features, association (they overlap).
        cpu_busy: part of all cores' time that was used, by whatever runs on the machine.
    """

    videos: int
    shared_memory: bool
    dynamic_batching: bool
    fps: float
    average_batch: dict[str, float]
    busy: dict[str, float]
    overhead_ms: float
    cpu_busy: float


def load_table(
    source: Path, frames: int, videos: tuple[int, ...] = VIDEOS, variant: str = "cpu"
) -> list[dict[str, Any]]:
    """Measure configs ``variant`` with shared memory on and off, dynamic batching on and off."""
    rows = []
    for dynamic_batching in (True, False):
        with serving(variant=variant, dynamic_batching=dynamic_batching) as server:
            for shared_memory in (True, False):
                for count in videos:
                    rows.append(asdict(_measure(server, source, frames, count, shared_memory, dynamic_batching)))
    return rows


def embedded_in_turn(source: Path, frames: int, videos: int = 4) -> dict[str, float]:
    """Track ``videos`` videos one after another with embedded models, each in a process of its own."""
    started = time.perf_counter()
    runs = [in_processes("", source, frames, 1, shared_memory=False)[0][0] for _ in range(videos)]
    return {
        "videos": videos,
        "fps": videos * frames / sum(run.seconds for run in runs),
        "fps_with_process_start": videos * frames / (time.perf_counter() - started),
    }


def _measure(
    server: TritonServer, source: Path, frames: int, count: int, shared_memory: bool, dynamic_batching: bool
) -> Load:
    before = {model: counters(server, model) for model in MODELS}
    psutil.cpu_percent()  # the next call tells of the time since this one
    runs, seconds = in_processes(server.url, source, frames, count, shared_memory=shared_memory)
    done = {model: counters(server, model).since(before[model]) for model in MODELS}
    outside = ("decoding", "crops", "features", "association")
    overhead = sum(run.stages.get(stage, 0.0) for run in runs for stage in outside)
    return Load(
        videos=count,
        shared_memory=shared_memory,
        dynamic_batching=dynamic_batching,
        fps=count * frames / seconds,
        average_batch={model: entry.rows / max(entry.executions, 1) for model, entry in done.items()},
        busy={model: entry.compute_seconds / seconds / instances(server, model) for model, entry in done.items()},
        overhead_ms=1e3 * overhead / (count * frames),
        cpu_busy=psutil.cpu_percent() / 100,
    )


def in_processes(
    url: str, source: Path, frames: int, count: int, *, shared_memory: bool
) -> tuple[list[VideoRun], float]:
    """Track ``count`` copies of ``source`` at once; returns the runs and the wall time of them all."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count + 1)
    with context.Pool(count, initializer=_prepare, initargs=(barrier, url, shared_memory)) as pool:
        pending = pool.starmap_async(_track, [(source, frames)] * count, chunksize=1)
        barrier.wait()
        started = time.perf_counter()
        runs = pending.get()
        seconds = time.perf_counter() - started
        pool.close()
        pool.join()
    return runs, seconds


class _Worker:
    """What a worker process holds; set once by `_prepare`."""

    barrier: Barrier
    client: InferenceClient


def _prepare(barrier: Barrier, url: str, shared_memory: bool) -> None:
    _Worker.barrier = barrier
    if url:
        _Worker.client = TritonClient(url, InferenceParameters(shared_memory=shared_memory))
    else:
        _Worker.client = open_client(load_settings())
    for model in MODELS:
        _Worker.client.signature(model)


def _track(source: Path, frames: int) -> VideoRun:
    _Worker.barrier.wait()
    try:
        return run_video(_Worker.client, source, frames)
    finally:
        _Worker.client.close()
