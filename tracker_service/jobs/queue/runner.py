"""Computes the jobs of one service: the workflow, and the runs that are going on."""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dbos import PortableWorkflowError
from dbos import error as dbos_errors

from tracker_service.errors import JobError
from tracker_service.jobs.folder import JobFolder, request_from_json, worker_task
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.queue.database import DATABASE_ERRORS, step
from tracker_service.jobs.queue.job_run import Abandoned, JobRun
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.retention import remove
from tracker_service.jobs.queue.store_parameters import RunLimits
from tracker_service.jobs.queue.worker_process import WorkerProcess

_END_SECONDS = 60.0
_logger = logging.getLogger(__name__)


class JobRunner:
    """Runs workflows; each has one worker process at a time.

    Args:
        folder: holds the folders of the jobs.
        limits: when to give up or wait.
        computing: settings of this service that workers get.
        observer: is told what happens.
    """

    def __init__(self, folder: Path, limits: RunLimits, computing: Mapping[str, Any], observer: JobObserver) -> None:
        self._folder, self._limits, self._computing, self._observer = folder, limits, computing, observer
        self._runs: dict[str, JobRun] = {}
        self._changed = threading.Condition()
        self._closing = False
        # One thread starts all workers and outlives them: they end when the thread that started them does.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="worker-starter")

    def track(self, job_id: str, values: dict[str, Any]) -> dict[str, Any]:
        """Compute a job: the workflow. Its steps return numbers only; frames go from file to file.

        Raises:
            JobError: it cannot be computed.
            Abandoned: it is to be computed by somebody else, or later.
        """
        request = request_from_json(values)
        run = self._open(job_id, request)
        try:
            result = _steps(run)
        except DATABASE_ERRORS as error:
            _logger.warning("job %s is put back, because the database cannot be used: %s", job_id, error)
            raise Abandoned from error
        except dbos_errors.DBOSException:
            raise
        except (JobError, PortableWorkflowError):
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

    def abandon(self, job_id: str) -> None:
        """Stop computing a job; somebody else does, or nobody should."""
        if (run := self.run_of(job_id)) is not None:
            run.abandon()

    def close(self, drain_seconds: float) -> None:
        """Stop computing: at the next border of each job, or after ``drain_seconds`` wherever it is."""
        with self._changed:
            self._closing = True
            for run in self._runs.values():
                run.park()
            self._changed.wait_for(lambda: not self._runs, drain_seconds)
            for run in self._runs.values():
                run.abandon()
            if not self._changed.wait_for(lambda: not self._runs, _END_SECONDS):
                _logger.error("jobs did not end in time: %s", ", ".join(self._runs))
        self._starter.shutdown(wait=False)

    def _open(self, job_id: str, request: JobRequest) -> JobRun:
        folder = JobFolder(self._folder / job_id)
        task = worker_task(folder, request, self._limits, self._computing)
        run = JobRun(folder, task.to_json(), self._limits, self._start_worker, self._observer)
        with self._changed:
            if self._closing:
                raise Abandoned
            self._runs[job_id] = run
        return run

    def _close(self, job_id: str, run: JobRun) -> None:
        run.close()
        with self._changed:
            if self._runs.get(job_id) is run:
                del self._runs[job_id]
            self._changed.notify_all()

    def _start_worker(self, task: Mapping[str, Any]) -> WorkerProcess:
        return self._starter.submit(WorkerProcess, task).result()


def _steps(run: JobRun) -> dict[str, Any]:
    number, last = 0, False
    while not last:
        last = bool(step("chunk", run.chunk, number)["last"])
        number += 1
    return step("finish", run.finish, number)
