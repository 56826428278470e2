"""Opens the job store in the background, as its database may be away when the service starts."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tracker_service.api.metrics.job_metrics import JobMetrics
from tracker_service.api.service import Service
from tracker_service.api.startup.retrying import retry_until_success
from tracker_service.errors import PhalpTritonError, QueueUnusableError
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.settings import Settings

if TYPE_CHECKING:
    from tracker_service.jobs.queue.store import JobStore

_logger = logging.getLogger(__name__)

_CLOSE_SECONDS, _STUCK_SECONDS = 30.0, 2.0
"""Beyond the drain time: for a database that answers, and for one that has left calls unanswered. Raising them leaves
more time to note which jobs go on later."""
_POLL_SECONDS = 0.02

OpenJobs = Callable[[Settings, JobObserver], "JobStore"]


class JobStoreOpener:
    """Opens and starts the job store in a thread of its own, and closes it when the service stops.

    Args:
        service: gets the store.
        open_jobs: makes the store.
    """

    def __init__(self, service: Service, open_jobs: OpenJobs) -> None:
        self._service = service
        self._open_jobs = open_jobs
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-opening", daemon=True)
        self._reported = ""
        self._metrics = JobMetrics(service.settings.jobs.folder, service.metrics.job_frames, service.store_calls)

    def start(self) -> None:
        """Start the thread."""
        self._service.metrics.collect_from(self._metrics)
        self._service.stop_callbacks.append(self._close)
        self._thread.start()

    def _run(self) -> None:
        retry_until_success(self._open, self._stop, self._failed)

    def _open(self) -> None:
        store = self._open_jobs(self._service.settings, self._metrics)
        store.start()
        self._metrics.store = store
        self._service.use_jobs(store)
        _logger.info("video jobs are open")

    def _failed(self, error: Exception) -> None:
        # An address may be in what a database says.
        told = "the video jobs' database cannot be used"
        if isinstance(error, QueueUnusableError):
            told = str(error)
        elif isinstance(error, OSError):
            told = "the video jobs' folder cannot be used"
        self._service.opening_problem = told
        if str(error) == self._reported:  # it is tried again and again, and said once
            return
        self._reported = str(error)
        known = isinstance(error, (PhalpTritonError, OSError))
        _logger.error("video jobs cannot be opened: %s", error, exc_info=None if known else error)

    async def _close(self, seconds: float) -> None:
        self._stop.set()
        await asyncio.to_thread(self._thread.join, seconds)
        if (store := self._metrics.store) is not None:
            # A thread that does not keep the process from ending: the database may never answer.
            closing = threading.Thread(target=store.close, args=(seconds,), name="job-closing", daemon=True)
            closing.start()
            beyond = _STUCK_SECONDS if self._service.store_calls.stuck else _CLOSE_SECONDS
            deadline = time.monotonic() + seconds + beyond
            while closing.is_alive() and time.monotonic() < deadline:
                await asyncio.sleep(_POLL_SECONDS)
            if closing.is_alive():
                _logger.error("video jobs cannot be closed: their database does not answer")
                self._service.cannot_end = True
            self._metrics.store = None
