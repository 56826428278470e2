"""Sends a request again until it succeeds, cannot succeed, or has used up its budget."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from tritonclient.utils import InferenceServerException

from tracker_service.errors import (
    DeviceError,
    InferenceError,
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceUnavailableError,
    ModelContractError,
)
from tracker_service.inference.triton.breaker import CircuitBreaker
from tracker_service.inference.triton.failures import Failure, Remedy, classify
from tracker_service.inference.triton.policy import FailurePolicy

Result = TypeVar("Result")

REGISTRATIONS = 3
"""Retries without a pause that a call may use to register its memory again."""


class Attempts:
    """Sends requests to one server with retries, a bounded number at a time; belongs to one event loop.

    Args:
        policy: deadlines and retries.
        address: the server, for messages.
        slots: requests under way at the same time; none is taken during pauses.
        clock: seconds, monotonic; the event loop's time.
        lost: called when the server did not answer, or no longer knows our shared memory: it may have been restarted.
        alone: False where the caller has other servers: what this one cannot do now fails at once.
    """

    def __init__(
        self,
        policy: FailurePolicy,
        address: str,
        slots: int,
        clock: Callable[[], float],
        lost: Callable[[Remedy], None],
        *,
        alone: bool = True,
    ) -> None:
        self._policy = policy
        self._alone = alone
        self._address = address
        self._slots, self._allowed = asyncio.Semaphore(slots), slots
        self._clock = clock
        self._lost = lost
        self._breakers: dict[str, CircuitBreaker] = {}
        self.retries: Counter[str] = Counter()
        """How often a request was sent again, by the name of the error before."""
        self.repeated: Counter[str] = Counter()
        """How often a request was sent again, by model."""
        self.failed: Counter[type[InferenceError]] = Counter()
        """How many requests failed, whether a retry succeeded or not, by error."""

    async def run(
        self, model: str, attempt: Callable[[float], Awaitable[Result]], *, known: Callable[[], bool]
    ) -> Result:
        """Return what ``attempt`` returns, called with the seconds that it may take.

        Args:
            model: name of the model, for messages and to keep one model's failures from the others.
            attempt: sends the request once.
            known: whether the server has answered for this model before.

        Raises:
            InferenceError: what the last failure means.
        """
        breaker = self._breaker(model)
        call = _Call(self._policy, self._clock(), alone=self._alone)
        while True:
            await breaker.admit(call.deadline if self._alone else self._clock())
            try:
                async with self._slot(call.deadline):
                    seconds = min(self._policy.attempt_seconds, call.deadline - self._clock())
                    result = await attempt(max(seconds, self._policy.first_delay))
            except InferenceServerException as error:
                failure = classify(error, model, self._address, known=known())
                self._report(breaker, failure)
                self.failed[type(failure.error)] += 1
                pause = call.pause_after(failure, self._clock())
                if pause is None:
                    raise call.final_error(failure, self._clock()) from error
            except (ModelContractError, InferenceFailedError, DeviceError):
                breaker.report_answer()
                raise
            except BaseException:
                breaker.report_cancelled()
                raise
            else:
                breaker.report_answer()
                return result
            self.retries[type(failure.error).__name__] += 1
            self.repeated[model] += 1
            await asyncio.sleep(pause)

    def allow(self, slots: int) -> None:
        """Let so many requests be under way at the same time from now on; fewer than before change nothing."""
        for _ in range(slots - self._allowed):
            self._slots.release()
        self._allowed = max(slots, self._allowed)

    @asynccontextmanager
    async def _slot(self, deadline: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline) else deadline):
                await self._slots.acquire()
        except TimeoutError as error:
            raise InferenceOverloadedError(
                f"Triton {self._address}: all of this client's requests were under way for the whole budget"
            ) from error
        try:
            yield
        finally:
            self._slots.release()

    def _breaker(self, model: str) -> CircuitBreaker:
        if model not in self._breakers:
            name = f"model {model} on Triton {self._address}"
            self._breakers[model] = CircuitBreaker(self._policy, name, self._clock)
        return self._breakers[model]

    def _report(self, breaker: CircuitBreaker, failure: Failure) -> None:
        if failure.answered:
            breaker.report_answer()
        else:
            breaker.report_no_answer(failure.reason)
        if not failure.answered or failure.remedy is Remedy.REGISTER:
            self._lost(failure.remedy)


class _Call:
    """One call: when it began and how often it was tried.

    Args:
        policy: deadlines and retries.
        started: the clock's time now.
        alone: see `Attempts`.
    """

    def __init__(self, policy: FailurePolicy, started: float, *, alone: bool) -> None:
        self._alone = alone
        self.deadline = started + policy.budget_seconds
        self._policy = policy
        self._started = started
        self._failures = 0
        self._away_since = math.inf

    def pause_after(self, failure: Failure, now: float) -> float | None:
        """Return the seconds until the next attempt, None where there should be none."""
        self._failures += 1
        self._away_since = min(self._away_since, now) if failure.remedy is Remedy.RELOAD else math.inf
        if failure.remedy is Remedy.NONE or now - self._away_since > self._policy.reload_seconds:
            return None
        if failure.remedy is Remedy.REGISTER and self._failures <= REGISTRATIONS:
            return 0.0
        if not self._alone:
            return None
        pause = self._policy.delay(self._failures - 1)
        return pause if now + pause < self.deadline else None

    def final_error(self, failure: Failure, now: float) -> InferenceError:
        """Return the error for the caller, with how long it was tried where it was."""
        error = failure.error
        if failure.remedy is Remedy.NONE:
            return error
        if not self._alone:
            # It may pass, here or on another server.
            return InferenceUnavailableError(str(error)) if isinstance(error, InferenceFailedError) else error
        message = f"{error} (gave up after {now - self._started:.1f} s and {self._failures} attempts)"
        if isinstance(error, InferenceUnavailableError):
            return type(error)(message, retry_after=self._policy.longest_delay)
        return type(error)(message)
