"""A worker process that is started before there is a job for it: opening its models takes a while."""

import threading
from collections.abc import Mapping
from typing import Any

from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker_processes.worker_process import WorkerProcess


class StandbyWorker:
    """Gives out workers, and keeps one started for the next job.

    Like those of workers, its calls belong to a thread that lives as long as they may; see `WorkerProcess`.

    Args:
        keep: whether to keep one; without, each is started when it is asked for.
        probable: settings with which it opens models; see `WorkerProcess`.
    """

    def __init__(self, probable: Mapping[str, Any], *, keep: bool) -> None:
        self._probable, self._keep = probable, keep
        self._ready: WorkerProcess | None = None
        self._changing = threading.Lock()

    def prepare(self) -> None:
        """Start a worker for the next job unless one waits."""
        with self._changing:
            if self._keep and self._ready is None:
                self._ready = WorkerProcess(self._probable)

    def take(self, task: WorkerTask) -> WorkerProcess:
        """Return a worker that has got ``task``."""
        with self._changing:
            worker, self._ready = self._ready, None
        if worker is not None and not worker.alive:
            worker.kill()
            worker = None
        worker = worker or WorkerProcess({})
        worker.assign(task)
        return worker

    def close(self) -> None:
        """End the one that waits, and keep none from now on."""
        with self._changing:
            self._keep = False
            worker, self._ready = self._ready, None
        if worker is not None:
            worker.kill()
