"""Fifty small videos with two computed at a time: order, fairness between clients, cancelling in each state."""

import time
from pathlib import Path
from typing import Any

from harness.clips import cut
from harness.job_stores import request, running_store, wait_for, workers
from harness.waiting import until
from tracker_service.jobs.job import Job, JobState
from tracker_service.jobs.queue.store import JobStore
from tracker_service.jobs.queue.store_parameters import QueueLimits

_CLIENTS = {"a": 30, "b": 12, "c": 8}
_CONCURRENCY = 2
_URGENT = 5


def queue_run(folder: Path) -> dict[str, Any]:
    """Queue everything, cancel one in each state, and look who was computed when."""
    short = cut(folder / "short.mp4", 2, width=320)
    walk = cut(folder / "walk.mp4", 48)
    limits = QueueLimits(concurrency=_CONCURRENCY, queue_length=200, client_jobs=100)
    with running_store(folder / "queue", queue=limits) as store:
        began = time.monotonic()
        blocking = [store.submit(request(walk, client="z")) for _ in range(_CONCURRENCY)]
        for job in blocking:
            wait_for(store, job.id, JobState.RUNNING)
        jobs = [store.submit(request(short, client=client)) for client, count in _CLIENTS.items() for _ in range(count)]
        urgent = [job.id for job in jobs[-_URGENT:]]
        for number, job_id in enumerate(urgent):
            store.cancel(job_id)
            jobs[len(jobs) - _URGENT + number] = store.submit(request(short, client="c", priority=10))
        positions = {job.id: store.get(job.id).queue_position for job in jobs}
        cancelled = _cancel_in_each_state(store, jobs, blocking[0])
        most = _drain(store)
        seconds = time.monotonic() - began
        left = [job for job in (store.get(job.id) for job in jobs) if job.state is JobState.COMPLETED]
        by_start = sorted(left, key=lambda job: job.started_at or 0.0)
        own = [job for job in by_start if job.request.client == "c"]
        by_place = sorted(left, key=lambda job: positions[job.id])
        cancelled["final"] = store.cancel(by_start[0].id).state.value
        places = {job.id: place for place, job in enumerate(by_place)}
        return {
            "videos": len(jobs),
            "completed": len(left),
            "seconds": seconds,
            "most_workers": most,
            "largest_displacement": max(abs(place - places[job.id]) for place, job in enumerate(by_start)),
            "urgent_first": all(job.request.priority == 10 for job in own[: _URGENT - 1]),
            "mean_place_of_first_8": {client: _mean_place(by_start, client) for client in _CLIENTS},
            "cancelled": cancelled,
        }


def _cancel_in_each_state(store: JobStore, jobs: list[Job], running: Job) -> dict[str, str]:
    queued = store.cancel(jobs[10].id)
    return {"queued": queued.state.value, "running": store.cancel(running.id).state.value}


def _drain(store: JobStore) -> int:
    most = 0

    def idle() -> bool:
        nonlocal most
        most = max(most, len(workers()))
        return store.counts().active == 0

    until(idle, 280)
    return most


def _mean_place(by_start: list[Job], client: str) -> float:
    """Return the mean place of the client's first 8 ordinary jobs: the same for all clients where turns are fair."""
    ordinary = [job for job in by_start if job.request.priority != 10]
    places = [place for place, job in enumerate(ordinary) if job.request.client == client][:8]
    return sum(places) / max(len(places), 1)
