"""Settings of the job store."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt
from pydantic import SecretStr

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class RunLimits:
    """When the computing of a job is given up, interrupted or waits.

    Attributes:
        chunk_frames: frames between two restart points, rounded up to whole windows (``pipeline.window``). Raising it
            loses more work when a worker dies and costs fewer pauses for writing.
        chunk_attempts: times a worker may die in the same chunk before the job fails. Raising it survives rarer
            failures and spends more time on videos that crash the decoder.
        stall_seconds: silence after which a worker is taken for hung. Raising it tolerates slower machines and notices
            real hangs later.
        work_seconds: time for computing one job, waiting for the inference server and for disk not counted; beyond it
            the job fails. Raising it lets one job keep others waiting for longer.
        free_bytes: disk space that jobs leave free; below it they pause and new ones are refused (503). Raising it
            protects others on the disk.
        poll_seconds: how often the queue and the disk are looked at. Raising it reacts later.
        standby_worker: start the worker of the next job, and open its models, while no job is computed. Its first frame
            comes earlier by the time that this takes; the memory of a worker is used all the time.
    """

    chunk_frames: Annotated[int, Ge(1)] = 240
    chunk_attempts: Annotated[int, Ge(1)] = 3
    stall_seconds: Annotated[float, Gt(0)] = 300.0
    work_seconds: Annotated[float, Gt(0)] = 2 * 86400.0
    free_bytes: Annotated[int, Ge(0)] = 512 * 1024 * 1024
    poll_seconds: Annotated[float, Gt(0)] = 0.5
    standby_worker: bool = True

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class QueueLimits:
    """Who may queue how much.

    Attributes:
        concurrency: jobs computed at the same time by one service. Raising it uses more cores and memory.
        queue_length: jobs of everybody that may wait; beyond it new ones are refused (503). One client alone gets
            half of them, two a third each (429), so that there is room for one that comes new.
        client_jobs: unfinished jobs of one client; beyond it new ones are refused (429).
        client_bytes: disk used by all jobs of one client, None for no bound; beyond it new ones are refused (429).
    """

    concurrency: Annotated[int, Ge(1)] = 1
    queue_length: Annotated[int, Ge(0)] = 100
    client_jobs: Annotated[int, Ge(1)] = 50
    client_bytes: Annotated[int, Ge(1)] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class Retention:
    """How long finished jobs are kept.

    Attributes:
        retention_seconds: age, counted from the end of the job, at which it is removed.
        retention_bytes: disk that finished jobs may use together; the oldest are removed first; None for no bound.
    """

    retention_seconds: Annotated[float, Gt(0)] = 7 * 86400.0
    retention_bytes: Annotated[int, Ge(1)] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True)
class StoreParameters(RunLimits, QueueLimits, Retention):
    """Everything a job store is made from.

    Attributes:
        folder: holds all jobs, uploads and, without a database, the queue; shared by all hosts of one database.
        database_url: postgresql://… for several hosts; None for a SQLite file in ``folder``. The environment variable
            DATABASE_URL stands in for it.
        executor_id: stable name of this service among those of a database, None for host name and number.
    """

    folder: Path = Path("outputs/jobs")
    database_url: SecretStr | None = None
    executor_id: str | None = None
