"""The folder of one job: what is where in it, and its two small JSON files."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from tracker_service.errors import JobError
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import JobRequest
from tracker_service.results.partial_file import write_whole


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What a service last knew about a job it computes.

    Attributes:
        started_at: unix seconds of the first start.
        ended_at: unix seconds at which the results were complete, or at which it failed.
        frames_done: frames whose results are on disk.
        frames_total: about how many there are.
        attempts: times a worker was started.
        failed_chunk: chunk in which the last worker died.
        failures: times in a row that a worker died in it.
        paused: why it waits, None when it does not.
    """

    started_at: float | None = None
    ended_at: float | None = None
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
    def definition(self) -> Path:
        """The request and the settings it is computed with; see `JobDefinition`."""
        return self.path / "job.json"

    @property
    def status(self) -> Path:
        """What the service that computes it last knew; see `JobStatus`."""
        return self.path / "status.json"

    @property
    def adopted(self) -> Path:
        """Is there once this version has begun to take over a job of an earlier one; see `earlier_version`."""
        return self.path / "adopted"

    @property
    def is_a_job(self) -> bool:
        """Whether a job was submitted into it that nobody has deleted."""
        return "." not in self.path.name and self.definition.exists() and not self._deleted.exists()

    def mark_deleted(self) -> None:
        """Note that its job is about to be forgotten, so that a crash leaves nothing behind for ever."""
        with suppress(FileNotFoundError):
            self._deleted.touch()

    @property
    def _deleted(self) -> Path:
        return self.path / "deleted"

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
            return _STATUS.validate_python(orjson.loads(self.status.read_bytes()))
        except (OSError, orjson.JSONDecodeError, ValidationError):
            return JobStatus()


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """A job as it was submitted, whatever becomes of the service's settings later; written once.

    Attributes:
        request: what was asked.
        identity: what the video was.
        chunk_frames: frames between two borders.
        settings: those that decide the results.
        traceparent: of the request that submitted it, in whose trace it is computed; None where that was not traced.
    """

    request: JobRequest
    identity: SourceIdentity
    chunk_frames: int
    settings: Mapping[str, Any]
    traceparent: str | None = None

    def write(self, folder: JobFolder) -> None:
        """Write it into the job's folder, which must exist."""
        write_whole(folder.definition, _DEFINITION.dump_json(self))
        folder.definition.chmod(0o600)

    @staticmethod
    def read(folder: JobFolder, earlier_request: Mapping[str, Any] | None = None) -> "JobDefinition":
        """Read what `write` wrote.

        Args:
            folder: of the job.
            earlier_request: of a job of the first version, which did not write it into the folder.

        Raises:
            JobError: it is not there or damaged.
        """
        try:
            values = {"request": earlier_request, **orjson.loads(folder.definition.read_bytes())}
            return _DEFINITION.validate_python(values)
        except (OSError, orjson.JSONDecodeError, TypeError, ValidationError) as error:
            raise JobError(f"job {folder.path.name}: expected its folder, got none that can be used") from error


def whole_windows(frames: int, settings: Mapping[str, Any]) -> int:
    """Return the next multiple of a job's window from ``frames`` on: for `JobDefinition.chunk_frames`.

    Behind a border a run then computes the batches of one that was never interrupted.
    """
    window = int(settings["pipeline"]["window"])
    return -(-frames // window) * window


_DEFINITION = TypeAdapter(JobDefinition)
_STATUS = TypeAdapter(JobStatus)
