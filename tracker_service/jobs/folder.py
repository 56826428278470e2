"""The folder of one job: what is where in it, and its two small JSON files."""

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from tracker_service.errors import JobError
from tracker_service.jobs.job import JobRequest


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
