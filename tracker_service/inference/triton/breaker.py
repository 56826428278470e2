"""Circuit breaker: after several unanswered requests in a row, one at a time tries whether the server is back."""

import asyncio
import logging
import math
from collections.abc import Callable
from contextlib import suppress

from tracker_service.errors import InferenceUnavailableError
from tracker_service.inference.triton.policy import FailurePolicy

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """Decides when requests may go out; belongs to one event loop.

    Closed, it lets everything pass. After ``policy.breaker_failures`` unanswered requests in a row it opens: callers
    wait for the end of a pause, then one of them probes. Its success closes the breaker, its failure starts a longer
    pause.

    Args:
        policy: counts and pauses.
        name: what is protected, for messages.
        clock: seconds, monotonic; the event loop's time.
    """

    def __init__(self, policy: FailurePolicy, name: str, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._name = name
        self._clock = clock
        self._failures = 0
        self._pauses = 0
        self._opened_at = 0.0
        self._retry_at = 0.0
        self._probing = False
        self._reason = ""
        self._changed = asyncio.Event()

    @property
    def open(self) -> bool:
        """Whether requests have to wait."""
        return self._failures >= self._policy.breaker_failures

    async def admit(self, deadline: float) -> None:
        """Return when a request may go out; every admitted request must be followed by one of the three reports.

        Raises:
            InferenceUnavailableError: at once if that cannot be before ``deadline`` (in the clock's time).
        """
        while self.open:
            now = self._clock()
            if not self._probing and now >= self._retry_at:
                self._probing = True
                return
            until = deadline if self._probing else min(self._retry_at, deadline)
            if now >= deadline or (not self._probing and self._retry_at >= deadline):
                raise InferenceUnavailableError(
                    f"{self._name}: not asked, no answer for {now - self._opened_at:.1f} s ({self._reason})",
                    retry_after=max(self._retry_at - now, self._policy.first_delay),
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(None if math.isinf(until) else until - now):
                    await self._changed.wait()

    def report_answer(self) -> None:
        """The server answered, if only with an error of the model."""
        if self.open:
            logger.warning("%s: answers again after %.1f s", self._name, self._clock() - self._opened_at)
        self._failures = self._pauses = 0
        self._end_probe()

    def report_no_answer(self, reason: str) -> None:
        """The server did not answer."""
        if self.open and not self._probing:
            return  # a request from before the pause
        self._failures += 1
        self._reason = reason
        if self.open:
            now = self._clock()
            if self._pauses == 0:
                self._opened_at = now
                logger.warning("%s: does not answer, waiting (%s)", self._name, reason)
            self._retry_at = now + self._policy.delay(self._pauses + self._policy.breaker_failures)
            self._pauses += 1
        self._end_probe()

    def report_cancelled(self) -> None:
        """The request was given up before its outcome was known."""
        self._end_probe()

    def _end_probe(self) -> None:
        self._probing = False
        self._changed.set()
        self._changed = asyncio.Event()
