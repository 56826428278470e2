"""Follows a job from the outside: its frames as they become final, and its end."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tracker_service.api.store_calls import StoreCalls
from tracker_service.jobs.job import Job

if TYPE_CHECKING:
    from tracker_service.jobs.queue.store import JobStore

LINES_AT_ONCE = 16
"""Result lines held in memory per follower."""


@dataclass(frozen=True, slots=True)
class PollIntervals:
    """How often a job is polled, in seconds.

    Attributes:
        poll: between two polls. Raising it costs less and delays frames.
        first_idle: time without frames at the beginning after which `Idle` is sent.
        idle: further time without frames after which it is sent again. Raising it saves bytes; clients and proxies
            take a connection that is silent for longer for a dead one.
    """

    poll: float = 0.25
    first_idle: float = 3.0
    idle: float = 3.0


@dataclass(frozen=True, slots=True)
class Lines:
    """Some frames, in order, as stored."""

    lines: list[bytes]


@dataclass(frozen=True, slots=True)
class Idle:
    """No frame has become final for a while."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event: the job is final and all of its frames were sent, or the service stops.

    Attributes:
        job: its last state; not final where the service stops.
    """

    job: Job


Event: TypeAlias = Lines | Idle | Ended


class JobFollower:
    """Polls a job until it ends.

    Args:
        store: keeps the job.
        job: the job as it is now.
        intervals: how often to poll and to send `Idle`.
        stopping: whether the service is stopping.
        calls: call the store.
    """

    def __init__(
        self,
        store: "JobStore",
        job: Job,
        intervals: PollIntervals,
        stopping: Callable[[], bool],
        calls: StoreCalls,
    ) -> None:
        self._calls = calls
        self._store = store
        self._job = job
        self._intervals = intervals
        self._stopping = stopping

    async def events(self, start: int = 0) -> AsyncGenerator[Event, None]:
        """Yield the frames from ``start`` on, counted from the first of the job; the last event is `Ended`.

        While the service drains, the job runs on and is followed until the store is closed.

        Raises:
            JobNotFoundError: the job has been deleted.
        """
        position, spoke, idle_limit = start, time.monotonic(), self._intervals.first_idle
        final_read = False
        while True:
            try:
                lines = await self._lines(position)
                self._job = self._job if lines else await self._calls.call(self._store.get, self._job.id)
            except Exception:
                if not self._stopping():
                    raise
                yield Ended(self._job)
                return
            if lines:
                position, idle_limit = position + len(lines), self._intervals.idle
                yield Lines(lines)
                spoke = time.monotonic()
            elif final_read:
                yield Ended(self._job)
                return
            elif self._job.state.final:
                # All of its lines are written now, perhaps some since the last read: read once more.
                final_read = True
            else:
                if time.monotonic() - spoke >= idle_limit:
                    idle_limit = self._intervals.idle
                    yield Idle()
                    spoke = time.monotonic()
                await asyncio.sleep(self._intervals.poll)

    async def snapshot(self, start: int, limit: int) -> AsyncGenerator[Event, None]:
        """Yield up to ``limit`` of the final frames, and `Ended`."""
        while limit > 0 and (lines := await self._lines(start, limit)):
            start, limit = start + len(lines), limit - len(lines)
            yield Lines(lines)
        yield Ended(self._job)

    async def _lines(self, start: int, limit: int = LINES_AT_ONCE) -> list[bytes]:
        most = min(limit, LINES_AT_ONCE)
        return await self._calls.call(self._store.read_lines, self._job.id, start, most)
