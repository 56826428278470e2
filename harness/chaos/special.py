"""Faults that need a place of their own: a small disk, a changing video, a jumping clock, two services."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from harness.chaos.tree import CHUNK, ServiceTree
from harness.chaos.trials import Calm, Outcome, calm_run, compare
from harness.clips import as_transport_stream, cut
from harness.postgres import postgres
from harness.small_disk import fill, small_disk
from harness.waiting import until

_CLOCK = Path(__file__).parent / "clock"
_DAY = 86400


def disk_full(folder: Path, video: Path, calm: Calm) -> Outcome:
    """Fill the disk of the jobs while one runs, and make room again once it is paused.

    Raises:
        NotPossibleHereError: without the rights of root.
    """
    jobs = folder / "jobs"
    with small_disk(jobs), _tree(folder, video) as tree:
        job_id = tree.submit(video)
        tree.wait_frames(job_id, CHUNK)
        ballast = fill(jobs, leave=0)
        began = time.monotonic()
        until(lambda: tree.job(job_id)["state"] == "paused")
        frames = int(tree.job(job_id)["frames_done"])
        assert tree.service.get("/livez").status_code == 200
        ballast.unlink()
        return _outcome(tree, job_id, calm, "disk full (tmpfs)", frames, time.monotonic() - began)


def clock_jump(folder: Path, video: Path, calm: Calm, days: int) -> Outcome:
    """Move the wall clock of service and worker, as Python sees it, while a job runs; a file stands in for the clock.

    What SQLite and the kernel take for the time stays as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clock = folder / "clock"
    clock.write_text("0")
    with _tree(folder / "service", video, environment={"PYTHONPATH": str(_CLOCK), "CHAOS_CLOCK": str(clock)}) as tree:
        before = tree.submit(video, max_frames=2)
        tree.wait_final(before)
        job_id = tree.submit(video)
        tree.wait_frames(job_id, CHUNK)
        began = time.monotonic()
        moved = folder / "moved"
        moved.write_text(str(days * _DAY))
        moved.replace(clock)
        outcome = _outcome(tree, job_id, calm, f"clock jump of {days:+d} days", CHUNK, time.monotonic() - began)
        began_then = float(tree.wait_final(tree.submit(video, max_frames=2))["started_at"])
        assert abs(began_then - time.time() - days * _DAY) < 3600, "the clock was not moved"
        assert tree.service.get(f"/jobs/{before}").status_code == 200, "a finished job was removed by the jump"
        return outcome


def one_of_two_services_dies(folder: Path, video: Path, calm: Calm) -> Outcome:
    """Kill the one of two services on one PostgreSQL that computes the job, with its worker: its host is gone.

    Raises:
        PostgresUnavailableError: PostgreSQL is not installed.
    """
    with postgres() as url, ExitStack() as opened:
        jobs = f"jobs.folder={folder / 'shared'}"
        trees = [ServiceTree(folder / name, video.parent, jobs, environment={"DATABASE_URL": url}) for name in "ab"]
        for tree in trees:
            opened.callback(tree.close)
            tree.start()
        first, second = trees
        job_id = first.submit(video)
        first.wait_frames(job_id, CHUNK)
        if second.workers():
            first, second = second, first
        assert first.workers()
        assert not second.workers()
        began = time.monotonic()
        first.close()
        job = second.wait_final(job_id)
        return compare(
            folder / "shared" / "jobs" / job_id,
            job,
            calm,
            fault="one of two services on one PostgreSQL killed",
            backend="embedded",
            at=0.0,
            frames_at=CHUNK,
            seconds=time.monotonic() - began,
        )


def changing_videos(folder: Path, frames: int) -> Iterator[Outcome]:
    """Cut a video short, let it grow, replace it, each while it is computed and its worker is killed too.

    Only frames that were in the file all the time can be asked for; a replaced video must fail.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = as_transport_stream(cut(folder / "whole.mp4", frames), folder / "whole.ts")
    content = whole.read_bytes()
    half = len(content) // 188 * 3 // 4 * 188
    with _tree(folder / "service", whole) as tree:
        calm = calm_run(tree, whole)
        for name, before, after in (
            ("video truncated", content, content[:half]),
            ("video growing", content[:half], content),
            ("video replaced", content, None),
        ):
            path = folder / "changing.ts"
            path.unlink(missing_ok=True)
            path.write_bytes(before)
            job_id = tree.submit(path)
            tree.wait_frames(job_id, CHUNK)
            began = time.monotonic()
            _change(folder, path, after)
            for process in tree.workers():
                process.kill()
            job = tree.wait_final(job_id)
            found = compare(
                tree.files(job_id),
                job,
                calm,
                fault=name,
                backend="embedded",
                at=0.0,
                frames_at=CHUNK,
                seconds=time.monotonic() - began,
            )
            yield _judged(found, tree.files(job_id), calm, replaced=after is None)


def _change(folder: Path, path: Path, after: bytes | None) -> None:
    if after is None:
        other = as_transport_stream(cut(folder / "other.mp4", 16, first=120), folder / "other.ts")
        other.replace(path)
    elif len(after) < path.stat().st_size:
        os.truncate(path, len(after))
    else:
        with path.open("ab") as stream:
            stream.write(after[path.stat().st_size :])


def _judged(found: Outcome, folder: Path, calm: Calm, *, replaced: bool) -> Outcome:
    """Return the outcome with ids and lines compared as far as they can be the same: up to the last common chunk."""
    if replaced:
        stopped = found.state == "failed" and not (folder / "results.ndjson").exists()
        return replace(found, state="completed" if stopped else found.state, lost=0, ids_equal=True, files_equal=True)
    lines = (folder / "results.ndjson").read_bytes().splitlines()
    expected = calm.files["results.ndjson"].splitlines()
    kept = max(CHUNK, len(lines) - CHUNK)
    same = lines[:kept] == expected[:kept]
    return replace(found, lost=max(kept - len(lines), 0), ids_equal=same, files_equal=same)


def _outcome(tree: ServiceTree, job_id: str, calm: Calm, fault: str, frames_at: int, seconds: float) -> Outcome:
    began = time.monotonic()
    job = tree.wait_final(job_id)
    return compare(
        tree.files(job_id),
        job,
        calm,
        fault=fault,
        backend="embedded",
        at=0.0,
        frames_at=frames_at,
        seconds=seconds + time.monotonic() - began,
    )


@contextmanager
def _tree(folder: Path, video: Path, environment: dict[str, str] | None = None) -> Iterator[ServiceTree]:
    tree = ServiceTree(folder, video.parent, environment=environment, forked=environment is None)
    try:
        tree.start()
        yield tree
    finally:
        tree.close()
