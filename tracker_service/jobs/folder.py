"""The folder of one job: what is where in it, and its two small JSON files."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson

from tracker_service.errors import JobError
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.queue.store_parameters import RunLimits
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.results.partial_file import write_whole


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What a service last knew about a job it computes.

    Attributes:
        started_at: unix seconds of the first start.
        frames_done: frames whose results are on disk.
        frames_total: about how many there are.
        attempts: times a worker was started.
        failed_chunk: chunk in which the last worker died.
        failures: times in a row that a worker died in it.
        paused: why it waits, None when it does not.
    """

    started_at: float | None = None
    frames_done: int = 0
    frames_total: int | None = None
    attempts: int = 0
    failed_chunk: int = -1
    failures: int = 0
    paused: str | None = None


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Where the parts of a job are."""

    path: Path

    @property
    def specification(self) -> Path:
        """The request and the settings it is computed with."""
        return self.path / "job.json"

    @property
    def status(self) -> Path:
        """What the service that computes it last knew."""
        return self.path / "status.json"

    def write_status(self, status: JobStatus) -> None:
        """Replace the status; for display and accounting only, so it is not forced to the disk.

        Raises:
            OSError: it cannot be written.
        """
        partial = self.status.with_name(f"{self.status.name}.{os.getpid()}.partial")
        partial.write_bytes(orjson.dumps(asdict(status)))
        partial.replace(self.status)

    def read_status(self) -> JobStatus:
        """Return the last status, a fresh one where there is none or it is damaged."""
        try:
            return replace(JobStatus(), **orjson.loads(self.status.read_bytes()))
        except (OSError, orjson.JSONDecodeError, TypeError):
            return JobStatus()


@dataclass(frozen=True, slots=True)
class JobSpecification:
    """What is settled about a job when it is submitted, whatever becomes of the service's settings later.

    Attributes:
        identity: what the video was, None for a folder of images.
        chunk_frames: frames between two borders.
        settings: those that decide the results.
    """

    identity: SourceIdentity | None
    chunk_frames: int
    settings: Mapping[str, Any]

    def write(self, folder: JobFolder) -> None:
        """Make the folder and write the specification into it."""
        folder.path.mkdir(parents=True)
        write_whole(folder.specification, orjson.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: JobFolder) -> Self:
        """Read what `write` wrote.

        Raises:
            JobError: it is not there or damaged.
        """
        try:
            values = orjson.loads(folder.specification.read_bytes())
            identity = values.pop("identity")
            return cls(**values, identity=None if identity is None else SourceIdentity(**identity))
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise JobError(f"job {folder.path.name}: expected its folder, got none that can be used") from error


def worker_task(folder: JobFolder, request: JobRequest, limits: RunLimits, computing: Mapping[str, Any]) -> WorkerTask:
    """Return what a worker must know to compute a job.

    Args:
        folder: of the job.
        request: what was asked.
        limits: of this service.
        computing: settings of this service that say where the models run.

    Raises:
        JobError: the folder cannot be used.
    """
    specification = JobSpecification.read(folder)
    return WorkerTask(
        folder=folder.path,
        source=request.source,
        shown_source=request.shown_source,
        identity=specification.identity,
        max_frames=request.max_frames,
        overlay=request.overlay,
        refine=request.refine,
        chunk_frames=specification.chunk_frames,
        free_bytes=limits.free_bytes,
        settings={**specification.settings, **computing},
    )


def request_to_json(request: JobRequest) -> dict[str, Any]:
    """Return the request as JSON values."""
    return {**asdict(request), "source": str(request.source)}


def request_from_json(values: Any) -> JobRequest:
    """Rebuild what `request_to_json` took apart.

    Raises:
        JobError: it is none.
    """
    try:
        return JobRequest(**{**values, "source": Path(values["source"])})
    except (KeyError, TypeError) as error:
        raise JobError(f"job: expected a request, got {values!r}") from error
