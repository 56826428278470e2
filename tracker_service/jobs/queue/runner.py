"""Computes the jobs of one service: the workflow, and the runs that are going on."""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tracker_service.errors import JobError
from tracker_service.jobs.folder import JobDefinition, JobFolder
from tracker_service.jobs.queue.database import DATABASE_ERRORS, QUEUE_ERRORS, RecordedError, step
from tracker_service.jobs.queue.job_run import JobInterrupted, JobRun
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.retention import remove
from tracker_service.jobs.queue.store_parameters import RunLimits
from tracker_service.jobs.worker.task import WorkerTask
from tracker_service.jobs.worker_processes.standby import StandbyWorker
from tracker_service.jobs.worker_processes.worker_process import WorkerProcess

_END_SECONDS = 60.0
_logger = logging.getLogger(__name__)


class JobRunner:
    """Runs workflows; each has one worker process at a time.

    Args:
        folder: holds the folders of the jobs.
        limits: when to give up or wait.
        computing: settings of this service that workers get.
        tracking: settings of the jobs that it queues, most probably those of the next job.
        observer: is told what happens.
    """

    def __init__(
        self,
        folder: Path,
        limits: RunLimits,
        computing: Mapping[str, Any],
        tracking: Mapping[str, Any],
        observer: JobObserver,
    ) -> None:
        self._folder, self._limits, self._computing, self._observer = folder, limits, computing, observer
        self._runs: dict[str, JobRun] = {}
        self._changed = threading.Condition()
        self._closing = False
        # One thread starts all workers and outlives them: they end when the thread that started them does.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="worker-starter")
        self._standby = StandbyWorker({**tracking, **computing}, keep=limits.standby_worker)
        self._starter.submit(self._standby.prepare)

    def track(self, job_id: str) -> dict[str, Any]:
        """Compute a job: the workflow. It has one step for the whole video; which chunks are done is on disk.

        Raises:
            JobError: it cannot be computed.
            JobInterrupted: it is to be computed by somebody else, or later.
        """
        folder = JobFolder(self._folder / job_id)
        request = JobDefinition.read(folder).request
        run = self._open(folder)
        try:
            result = step("track", run.compute)
        except DATABASE_ERRORS as error:
            _logger.warning("job %s is put back, because the database cannot be used: %s", job_id, error)
            raise JobInterrupted from error
        except QUEUE_ERRORS:
            raise
        except (JobError, RecordedError):
            self._observer.failed()
            raise
        except Exception as error:
            self._observer.failed()
            _logger.exception("job %s: unexpected error", job_id)
            raise JobError(f"job: expected to be computed, got an internal error ({type(error).__name__})") from error
        finally:
            self._close(job_id, run)
        if request.delete_source:
            remove(request.source)
        return result

    def run_of(self, job_id: str) -> JobRun | None:
        """Return the run of a job that this service computes."""
        with self._changed:
            return self._runs.get(job_id)

    def running(self) -> list[str]:
        """Return the ids of the jobs that this service computes."""
        with self._changed:
            return list(self._runs)

    def interrupt(self, job_id: str) -> None:
        """Stop computing a job; somebody else does, or nobody should."""
        if (run := self.run_of(job_id)) is not None:
            run.interrupt()

    def close(self, drain_seconds: float) -> None:
        """Stop computing: at the next border of each job, or after ``drain_seconds`` wherever it is."""
        with self._changed:
            self._closing = True
            for run in self._runs.values():
                run.drain()
            self._changed.wait_for(lambda: not self._runs, drain_seconds)
            for run in self._runs.values():
                run.interrupt()
            if not self._changed.wait_for(lambda: not self._runs, _END_SECONDS):
                _logger.error("jobs did not end in time: %s", ", ".join(self._runs))
        self._standby.close()
        self._starter.shutdown(wait=False)

    def _open(self, folder: JobFolder) -> JobRun:
        task = WorkerTask(folder.path, self._limits.free_bytes, self._computing)
        run = JobRun(folder, self._limits, lambda: self._start_worker(task), self._observer)
        with self._changed:
            if self._closing:
                raise JobInterrupted
            self._runs[folder.path.name] = run
        return run

    def _close(self, job_id: str, run: JobRun) -> None:
        run.close()
        with self._changed:
            if self._runs.get(job_id) is run:
                del self._runs[job_id]
            self._changed.notify_all()
            if not self._closing:
                self._starter.submit(self._standby.prepare)

    def _start_worker(self, task: WorkerTask) -> WorkerProcess:
        return self._starter.submit(self._standby.take, task).result()
