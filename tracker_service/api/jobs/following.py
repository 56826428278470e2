"""Following a job from the outside: its frames as they become final, and its end."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from anyio import to_thread

from tracker_service.jobs.job import Job
from tracker_service.jobs.queue.store import JobStore

LINES_AT_ONCE = 16
"""Result lines held in memory per follower."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a job is followed, in seconds.

    Attributes:
        poll: between two looks. Raising it costs less and brings frames later.
        first_quiet: silence at the beginning after which the follower is told that nothing has happened yet.
        quiet: further silence after which it is told again. Raising it saves bytes; proxies hang up after 30 to 60 s.
    """

    poll: float = 0.25
    first_quiet: float = 3.0
    quiet: float = 10.0


@dataclass(frozen=True, slots=True)
class Lines:
    """Some frames, in order, as stored."""

    lines: list[bytes]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing has happened for a while."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes: the job is final and all of its frames were given, or we stop following.

    Attributes:
        job: its last state; not final where the service stops.
    """

    job: Job


Event: TypeAlias = Lines | Quiet | Ended


class JobFollower:
    """Reads a job from the outside until it ends.

    Args:
        store: keeps the job.
        job: the job as it is now.
        pace: how often to look and to say that nothing happens.
        stopping: whether the service ends.
    """

    def __init__(self, store: JobStore, job: Job, pace: Pace, stopping: Callable[[], bool]) -> None:
        self._store = store
        self._job = job
        self._pace = pace
        self._stopping = stopping

    async def events(self, start: int = 0) -> AsyncGenerator[Event, None]:
        """Yield the frames from ``start`` on, counted from the first of the job; the last event is `Ended`.

        A service that stops lets the job run for a while: it is followed until the store is closed.

        Raises:
            JobNotFoundError: the job has been deleted.
        """
        position, silence, patience = start, 0.0, self._pace.first_quiet
        last_look = False
        while True:
            try:
                lines = await self._lines(position)
                self._job = self._job if lines else await to_thread.run_sync(self._store.get, self._job.id)
            except Exception:
                if not self._stopping():
                    raise
                yield Ended(self._job)
                return
            if lines:
                position, silence, patience = position + len(lines), 0.0, self._pace.quiet
                yield Lines(lines)
            elif last_look:
                yield Ended(self._job)
                return
            elif self._job.state.final:
                # What it has written is all there, but perhaps only since the lines were read.
                last_look = True
            else:
                if silence >= patience:
                    silence, patience = 0.0, self._pace.quiet
                    yield Quiet()
                await asyncio.sleep(self._pace.poll)
                silence += self._pace.poll

    async def snapshot(self, start: int, limit: int) -> AsyncGenerator[Event, None]:
        """Yield up to ``limit`` of the frames that are there now, and `Ended`."""
        while limit > 0 and (lines := await self._lines(start, limit)):
            start, limit = start + len(lines), limit - len(lines)
            yield Lines(lines)
        yield Ended(self._job)

    async def _lines(self, start: int, limit: int = LINES_AT_ONCE) -> list[bytes]:
        most = min(limit, LINES_AT_ONCE)
        return await to_thread.run_sync(partial(self._store.read_lines, self._job.id, start, most))
