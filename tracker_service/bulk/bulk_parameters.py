"""What can be set about bulk runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class BulkParameters:
    """Workers of ``phalp-triton bulk``, what they may hold, and how often they try.

    Attributes:
        workers: videos tracked at the same time, each by a process of its own; 0 takes as many as Ray has cores for.
        worker_cpus: cores that Ray keeps for a worker. Raising it makes one video faster and lets fewer run beside it.
        worker_gpus: share of a GPU that Ray keeps for a worker that runs the models itself; 0 gives it none. Workers
            that use Triton need none.
        video_attempts: how often a video is tried whose worker died, or that failed for a reason that may pass. Raising
            it bears longer outages and wastes more on a video that kills its workers.
        retry_pause: seconds before the second try; it doubles with each further one.
        downloads_ahead: videos in object storage that a worker fetches while it tracks another. Raising it hides slower
            storage and takes more of ``scratch_bytes``.
        scratch: folder for downloads and for results that are not complete, on each node. None takes the system's.
        scratch_bytes: most that a worker's downloads take there, and most that the results of one video take. Raising
            it allows larger videos and takes twice that of the disk for each worker.
    """

    workers: Annotated[int, Ge(0)] = 0
    worker_cpus: Annotated[int, Ge(1)] = 1
    worker_gpus: Annotated[float, Ge(0)] = 0.0
    video_attempts: Annotated[int, Ge(1)] = 3
    retry_pause: Annotated[float, Gt(0)] = 5.0
    downloads_ahead: Annotated[int, Ge(0)] = 1
    scratch: Path | None = None
    scratch_bytes: Annotated[int, Ge(1)] = 16 << 30

    def __post_init__(self) -> None:
        check_bounds(self)
