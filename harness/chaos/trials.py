"""One trial: a job is disturbed at one moment, and its result is held against that of a calm run."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from harness.chaos.tree import ServiceTree

COMPARED = ("results.ndjson", "tracks.pkl", "overlay.mp4")


@dataclass(frozen=True, slots=True)
class Calm:
    """An undisturbed job.

    Attributes:
        files: its result files by name.
        seconds: from its start to its end.
    """

    files: dict[str, bytes]
    seconds: float

    @property
    def frames(self) -> int:
        """Number of its frames."""
        return len(self.files["results.ndjson"].splitlines())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a disturbed job.

    Attributes:
        fault: what was done to it.
        backend: where the models ran.
        at: when, seconds after the job was queued.
        frames_at: frames that were done then.
        state: how the job ended.
        lost, duplicated: frames that are missing or there twice.
        ids_equal: whether every frame has the track ids of the calm run.
        files_equal: whether all result files are those of the calm run, byte for byte.
        attempts: times that computing was started.
        seconds: from the fault to the end of the job.
    """

    fault: str
    backend: str
    at: float
    frames_at: int
    state: str
    lost: int
    duplicated: int
    ids_equal: bool
    files_equal: bool
    attempts: int
    seconds: float

    @property
    def good(self) -> bool:
        """Whether nothing was lost, added or changed."""
        return self.state == "completed" and not self.lost + self.duplicated and self.ids_equal and self.files_equal


def calm_run(tree: ServiceTree, video: Path) -> Calm:
    """Compute a video without disturbance."""
    job_id = tree.submit(video)
    job = tree.wait_final(job_id)
    assert job["state"] == "completed", job
    files = contents(tree.files(job_id))
    assert set(files) == set(COMPARED)
    assert any(ids(files["results.ndjson"])), "nobody is tracked: this compares nothing"
    return Calm(files, job["completed_at"] - job["started_at"])


def disturbed_run(
    tree: ServiceTree,
    video: Path,
    calm: Calm,
    fault: Callable[[ServiceTree], None],
    *,
    name: str,
    backend: str,
    at: float,
) -> Outcome:
    """Queue the video, do ``fault`` after ``at`` seconds or as soon as the job has begun, and compare.

    A fault of a service includes its new start.
    """
    queued = time.monotonic()
    job_id = tree.submit(video)
    while time.monotonic() - queued < at:
        time.sleep(0.01)
    frames_at = int(tree.job(job_id)["frames_done"])
    disturbed = time.monotonic()
    fault(tree)
    job = tree.wait_final(job_id)
    return compare(
        tree.files(job_id),
        job,
        calm,
        fault=name,
        backend=backend,
        at=at,
        frames_at=frames_at,
        seconds=time.monotonic() - disturbed,
    )


def compare(
    folder: Path,
    job: dict[str, object],
    calm: Calm,
    *,
    fault: str,
    backend: str,
    at: float,
    frames_at: int,
    seconds: float,
) -> Outcome:
    """Hold the files of a job against those of the calm run."""
    found = contents(folder)
    lines = found.get("results.ndjson", b"")
    numbers = Counter(int(orjson.loads(line)["frame_number"]) for line in lines.splitlines())
    return Outcome(
        fault=fault,
        backend=backend,
        at=at,
        frames_at=frames_at,
        state=str(job["state"]),
        lost=len(set(range(calm.frames)) - set(numbers)),
        duplicated=sum(count - 1 for count in numbers.values()),
        ids_equal=ids(lines) == ids(calm.files["results.ndjson"]),
        files_equal=found == calm.files,
        attempts=int(str(job["attempts"])),
        seconds=seconds,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return the result files of a job by name."""
    return {name: (folder / name).read_bytes() for name in COMPARED if (folder / name).exists()}


def ids(lines: bytes) -> list[list[int]]:
    """Return the track ids of every frame."""
    return [[person["track_id"] for person in orjson.loads(line)["persons"]] for line in lines.splitlines()]
