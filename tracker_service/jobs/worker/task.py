"""What a worker is told to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """What a service tells its worker about a job, beside what is in the job's folder; see `JobDefinition`.

    Attributes:
        folder: of the job.
        free_bytes: disk space to leave free.
        computing: settings of this service that say where the models run.
    """

    folder: Path
    free_bytes: int
    computing: Mapping[str, Any]


WORKER_TASK = TypeAdapter(WorkerTask)
"""From and to JSON."""
