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
        computing: settings of this service that say where the models run, and how much of a video is read; nothing
            bounds that where they have no ``limits``.
    """

    folder: Path
    free_bytes: int
    computing: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a worker is forked to.

    Attributes:
        folder: its working folder.
        environment: all of its variables.
    """

    folder: Path
    environment: Mapping[str, str]


WORKER_PREPARATION: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
"""The line before the task, from and to JSON: settings with which models may be opened already; empty for none."""
WORKER_TASK = TypeAdapter(WorkerTask)
"""The task, from and to JSON."""
SURROUNDINGS = TypeAdapter(Surroundings)
"""What asks for a worker, from and to JSON."""
