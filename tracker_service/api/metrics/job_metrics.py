"""What Prometheus reads about the video jobs."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tracker_service.api.store_calls import StoreCalls
from tracker_service.jobs.job import QueueCounts
from tracker_service.jobs.messages import FrameCounts
from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.webhooks.outcome import WebhookBacklog, WebhookOutcome

if TYPE_CHECKING:
    from tracker_service.jobs.queue.store import JobStore


class JobMetrics(Collector, JobObserver):
    """Counts events of running jobs, and asks the store when the metrics are read.

    Args:
        folder: of the jobs; its disk is watched.
        calls: call the store, so that a scrape does without a database that is away.
        committed: called with the counts of every run of frames that is safely written.
    """

    def __init__(self, folder: Path, committed: Callable[[FrameCounts], None], calls: StoreCalls) -> None:
        self.store: JobStore | None = None
        """Set once the jobs are open."""
        self._folder = folder
        self._committed, self._calls = committed, calls
        self._lock = threading.Lock()
        self._last_progress = 0.0
        self._failures = 0
        self._webhooks = Counter[WebhookOutcome]()

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

    def webhook_called(self, outcome: WebhookOutcome) -> None:
        """A webhook has been called; see `JobObserver`."""
        with self._lock:
            self._webhooks[outcome] += 1

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
        yield from self._webhook_metrics()
        free = GaugeMetricFamily("phalp_disk_free_bytes", "Room on the disk.", labels=["volume"])
        if self._folder.exists():
            free.add_metric(["jobs"], shutil.disk_usage(self._folder).free)
        yield free

    def _webhook_metrics(self) -> Iterator[Metric]:
        called = CounterMetricFamily("phalp_webhooks", "Tries to tell of the end of a job.", labels=["outcome"])
        for outcome in WebhookOutcome:
            called.add_metric([outcome], self._webhooks[outcome])
        yield called
        backlog = WebhookBacklog() if self.store is None else self.store.webhook_backlog
        yield GaugeMetricFamily(
            "phalp_webhooks_waiting", "Ends of jobs that no receiver has accepted yet.", value=backlog.waiting
        )
        yield GaugeMetricFamily(
            "phalp_webhook_oldest_seconds",
            "Time since the first of these jobs ended; 0 when none waits.",
            value=0.0 if backlog.oldest is None else max(0.0, time.time() - backlog.oldest),
        )

    def _counts(self) -> QueueCounts | None:
        return None if self.store is None else self._calls.glance(self.store.counts)
