"""Tells receivers of the ends of jobs, again and again until they accept."""

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tracker_service.errors import JobNotFoundError, WebhookForbiddenError
from tracker_service.jobs.job import Job
from tracker_service.jobs.webhooks.delivery import Outcome, deliver
from tracker_service.jobs.webhooks.destination import AllowedDestinations
from tracker_service.jobs.webhooks.message import WebhookMessage
from tracker_service.jobs.webhooks.outbox import Attempts, Outbox, OutboxEntry
from tracker_service.jobs.webhooks.outcome import WebhookBacklog, WebhookOutcome
from tracker_service.jobs.webhooks.webhook_parameters import WebhookParameters

_AT_ONCE = 4
"""Messages on their way at the same time. Raising it keeps slow receivers from holding up others."""
_UNKNOWN_SECONDS = 86400.0
"""Age at which a note whose job is unknown is dropped: a job is noted a moment before it is queued."""
_LONGEST_EXPONENT = 30
_logger = logging.getLogger(__name__)


class WebhookSender:
    """A thread that looks into the outbox every ``seconds``.

    Args:
        outbox: what is to be told.
        find: returns a job.
        parameters: who may be called, and how often.
        seconds: between two looks.
        called: is told how tries end, from several threads.
    """

    def __init__(
        self,
        outbox: Outbox,
        find: Callable[[str], Job],
        parameters: WebhookParameters,
        seconds: float,
        called: Callable[[WebhookOutcome], None],
    ) -> None:
        self._called = called
        self._ended_at: dict[str, float] = {}
        self._outbox, self._find, self._parameters, self._seconds = outbox, find, parameters, seconds
        self._allowed = AllowedDestinations(parameters.allow)
        self._under_way: set[str] = set()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> WebhookBacklog:
        """What has not been accepted, as of the last look."""
        ended = self._ended_at.values()
        return WebhookBacklog(len(ended), min(ended, default=None))

    def close(self) -> None:
        """End the thread; what is on its way ends within the time for an answer."""
        self._stop.set()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._look()
            except Exception as error:  # the next look tries again
                _logger.warning("webhooks: %s", " ".join(str(error).split()))

    def _look(self) -> None:
        ended_at: dict[str, float] = {}
        for job_id, changed in self._outbox.waiting().items():
            try:
                job = self._find(job_id)
            except JobNotFoundError:
                if time.time() - changed > _UNKNOWN_SECONDS:
                    self._outbox.discard(job_id)
                continue
            if job.state.final:
                ended_at[job_id] = job.completed_at or changed
                if job_id not in self._under_way:
                    self._under_way.add(job_id)
                    self._pool.submit(self._try, job)
        self._ended_at = ended_at

    def _try(self, job: Job) -> None:
        try:
            with self._outbox.take(job.id) as entry:
                if entry is not None and self._due(attempts := entry.attempts()):
                    self._deliver(job, entry, attempts)
        except Exception:  # the next look tries again
            _logger.exception("job %s: its webhook could not be called", job.id)
        finally:
            self._under_way.discard(job.id)

    def _due(self, attempts: Attempts) -> bool:
        # A clock that was set back must not postpone it for longer than a pause may be.
        left = attempts.next_at - time.time()
        return left <= 0 or left > self._parameters.longest_retry_seconds

    def _deliver(self, job: Job, entry: OutboxEntry, attempts: Attempts) -> None:
        secret = self._parameters.secret
        try:
            destination = self._allowed.check(job.request.webhook or "")
        except WebhookForbiddenError as error:
            _logger.warning("job %s: its webhook is no longer allowed: %s", job.id, error)
            entry.remove()
            self._called(WebhookOutcome.GIVEN_UP)
            return
        message = WebhookMessage.of(job)
        outcome = deliver(
            destination, message, "" if secret is None else secret.get_secret_value(), self._parameters.answer_seconds
        )
        extra = {"job": job.id, "webhook": message.id, "failed": attempts.failed}
        if outcome.accepted:
            _logger.info("job %s: its end was told to %s", job.id, destination.host, extra=extra)
            entry.remove()
            self._called(WebhookOutcome.DELIVERED)
        elif outcome.gone or self._too_late(job):
            _logger.error("job %s: its end is not told: %s", job.id, outcome.problem, extra=extra)
            entry.remove()
            self._called(WebhookOutcome.GIVEN_UP)
        else:
            self._postpone(job, entry, attempts, outcome)
            self._called(WebhookOutcome.FAILED)

    def _postpone(self, job: Job, entry: OutboxEntry, attempts: Attempts, outcome: Outcome) -> None:
        first, longest = self._parameters.first_retry_seconds, self._parameters.longest_retry_seconds
        pause = min(longest, first * 2 ** min(attempts.failed, _LONGEST_EXPONENT))
        # Several services and jobs should not call a receiver that comes back all at once.
        pause *= random.uniform(0.75, 1.0)
        _logger.warning("job %s: webhook failed (%s), next try in %.1f s", job.id, outcome.problem, pause)
        entry.postpone(Attempts(attempts.failed + 1, time.time() + pause))

    def _too_late(self, job: Job) -> bool:
        ended = job.completed_at
        return ended is not None and time.time() - ended > self._parameters.give_up_seconds
