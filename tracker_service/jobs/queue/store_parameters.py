"""What the job store needs to know, apart from how a video is tracked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunLimits:
    """When the computing of a job is given up, interrupted or waits.

    Attributes:
        chunk_frames: frames between two restart points. Raising it loses more work when a worker dies and costs fewer
            pauses for writing.
        chunk_attempts: times a worker may die in the same chunk before the job fails. Raising it survives rarer
            weather and spends more time on videos that crash the decoder.
        stall_seconds: silence after which a worker is taken for hung. Raising it tolerates slower machines and notices
            real hangs later.
        free_bytes: disk space that jobs leave free; below it they pause. Raising it protects others on the disk.
        poll_seconds: how often a waiting job looks whether it may go on. Raising it reacts later.
    """

    chunk_frames: int = 240
    chunk_attempts: int = 3
    stall_seconds: float = 300.0
    free_bytes: int = 512 * 1024 * 1024
    poll_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Who may queue how much.

    Attributes:
        concurrency: jobs computed at the same time by one service. Raising it uses more cores and memory.
        length: jobs of everybody that may wait.
        client_jobs: unfinished jobs of one client.
        client_bytes: disk used by all jobs of one client, None for no bound.
    """

    concurrency: int = 1
    length: int = 100
    client_jobs: int = 50
    client_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long finished jobs are kept.

    Attributes:
        seconds: age, counted from the end of the job, at which it is removed.
        bytes: disk that finished jobs may use together; the oldest are removed first; None for no bound.
    """

    seconds: float = 7 * 86400.0
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class StoreParameters:
    """Everything a job store is made from.

    Attributes:
        folder: holds all jobs, uploads and, without a database, the queue; shared by all hosts of one database.
        database_url: PostgreSQL for several hosts, None for a SQLite file in ``folder``.
        executor_id: stable name of this service among those of a database, None for host name and number.
        tracking: the settings that decide the results; they are kept with each job from its submission on.
        computing: the settings that decide where the models run; each worker gets those of its service.
    """

    folder: Path
    database_url: str | None = None
    executor_id: str | None = None
    run: RunLimits = field(default_factory=RunLimits)
    queue: QueueLimits = field(default_factory=QueueLimits)
    retention: Retention = field(default_factory=Retention)
    tracking: Mapping[str, Any] = field(default_factory=dict)
    computing: Mapping[str, Any] = field(default_factory=dict)
