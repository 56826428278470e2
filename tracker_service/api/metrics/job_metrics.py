"""What Prometheus reads about the video jobs."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tracker_service.jobs.job import QueueCounts
from tracker_service.jobs.messages import FrameCounts
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store import JobStore

_logger = logging.getLogger(__name__)


class JobMetrics(Collector, JobObserver):
    """Counts events of running jobs, and asks the store when the metrics are read.

    Args:
        folder: of the jobs; its disk is watched.
        committed: called with the counts of every run of frames that is safely written.
    """

    def __init__(self, folder: Path, committed: Callable[[FrameCounts], None]) -> None:
        self.store: JobStore | None = None
        """Set once the jobs are open."""
        self._folder = folder
        self._committed = committed
        self._lock = threading.Lock()
        self._last_progress = 0.0
        self._failures = 0

    def progressed(self) -> None:
        """A worker has progressed; see `JobObserver`."""
        self._last_progress = time.time()

    def committed(self, counts: FrameCounts) -> None:
        """Frames are safely on disk; see `JobObserver`."""
        self.progressed()
        self._committed(counts)

    def failed(self) -> None:
        """A job has failed; see `JobObserver`."""
        with self._lock:
            self._failures += 1

    def describe(self) -> list[Metric]:
        """Return nothing: asking the store when it is registered would be too early."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as they are now."""
        counts = self._counts()
        states = GaugeMetricFamily("phalp_jobs", "Video jobs.", labels=["state"])
        if counts is not None:
            for state in ("queued", "running", "paused", "finished"):
                states.add_metric([state], getattr(counts, state))
        yield states
        running = counts is not None and counts.running > 0
        yield GaugeMetricFamily(
            "phalp_job_last_progress_timestamp_seconds",
            "When a running job last progressed; 0 when none runs.",
            value=self._last_progress if running else 0.0,
        )
        yield CounterMetricFamily("phalp_job_failures", "Jobs that ended as failed.", value=self._failures)
        free = GaugeMetricFamily("phalp_disk_free_bytes", "Room on the disk.", labels=["volume"])
        if self._folder.exists():
            free.add_metric(["jobs"], shutil.disk_usage(self._folder).free)
        yield free

    def _counts(self) -> QueueCounts | None:
        try:
            return None if self.store is None else self.store.counts()
        except Exception as error:  # a scrape must not fail because a database is away
            _logger.warning("the jobs cannot be counted: %s", error)
            return None
