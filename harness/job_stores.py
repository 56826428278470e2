"""Stores with the lite models, and what tests ask of them again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil

from harness.forked import FORK_SERVER
from harness.waiting import until
from tracker_service.jobs.job import Job, JobRequest, JobState
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store import JobStore
from tracker_service.settings import load_settings
from tracker_service.wiring.jobs import open_job_store

CHUNK = 4
COMPARED = ("results.ndjson", "tracks.pkl", "overlay.mp4")


def new_store(folder: Path, *, observer: JobObserver | None = None, **changes: Any) -> JobStore:
    """Return a store with quick polls, small chunks.

    Args:
        folder: of the jobs.
        observer: is told what running jobs do.
        changes: ``run``, ``queue`` and ``retention`` replace these groups of its parameters, ``inference`` values of
            the settings group of that name; others are single parameters.
    """
    inference = {"threads": 1, **changes.pop("inference", {})}
    groups = [asdict(changes.pop(name)) for name in ("run", "queue", "retention") if name in changes]
    jobs = {
        "folder": str(folder),
        "chunk_frames": CHUNK,
        "poll_seconds": 0.1,
        "free_bytes": 1 << 20,
        "standby_worker": False,
    }
    for values in (*groups, changes):
        jobs |= values
    return open_job_store(load_settings({"jobs": jobs, "inference": inference}), observer)


@contextmanager
def running_store(folder: Path, *, drain_seconds: float = 0.0, **changes: Any) -> Iterator[JobStore]:
    """Start a store and close it at the end, as quickly as ``drain_seconds`` says."""
    store = new_store(folder, **changes)
    store.start()
    try:
        yield store
    finally:
        store.close(drain_seconds)


def request(source: Path, **changes: Any) -> JobRequest:
    """Return a request for a whole video without an overlay, under the name that its client gave it."""
    return replace(JobRequest(source, f"C:/Videos/{source.name}", overlay=False), **changes)


def wait_for(store: JobStore, job_id: str, *states: JobState) -> Job:
    """Return the job once it is in one of these states."""
    return until(lambda: job if (job := store.get(job_id)).state in states else None)


def wait_final(store: JobStore, job_id: str) -> Job:
    """Return the job once it is final."""
    return until(lambda: job if (job := store.get(job_id)).state.final else None, pause=0.2)


def wait_complete(store: JobStore, job_id: str) -> Job:
    """Return the job once it is final, which must be complete."""
    job = wait_final(store, job_id)
    assert job.state is JobState.COMPLETED, job
    return job


def wait_frames(store: JobStore, job_id: str, frames: int) -> Job:
    """Return the job once that many frames are done."""

    def done() -> Job | None:
        job = store.get(job_id)
        assert job.state not in (JobState.FAILED, JobState.CANCELLED), job
        return job if job.frames_done >= frames else None

    return until(done)


def workers(parent: int | None = None) -> list[psutil.Process]:
    """Return the worker processes below a process, this one by default; those of the replaying service included."""
    found = []
    for child in psutil.Process(parent).children(recursive=True):
        try:
            if _works(child) and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def _works(process: psutil.Process) -> bool:
    command = process.cmdline()
    if _forks(process):  # a forked process has the command and the name of the one that has forked it
        return _forks(psutil.Process(process.ppid()))
    return "tracker_service.jobs.worker" in command or command[-1:] == ["worker"]


def _forks(process: psutil.Process) -> bool:
    command = process.cmdline()
    known = "tracker_service.jobs.worker.fork_server" in command or command[-1:] == ["fork-server"]
    return known or process.name() == FORK_SERVER


def worker(parent: int | None = None) -> psutil.Process:
    """Return the only worker as soon as there is one."""
    return until(lambda: found[0] if len(found := workers(parent)) == 1 else None)


def contents(job: Job) -> dict[str, bytes]:
    """Return the result files that are the same in every run, by name."""
    return {name: (job.folder / name).read_bytes() for name in COMPARED if (job.folder / name).exists()}
