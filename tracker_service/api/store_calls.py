"""Calls of the job store: in threads of their own, the clients in turn, and never longer than a deadline.

A database that is away lets calls wait for minutes. They wait where nothing else does, so that frames, metrics, health
and the end of the service do without it. One client never has all threads, whatever its calls take, and one that
asks for several calls at a time rests after each.
"""

import asyncio
import concurrent.futures
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from tracker_service.api.http.client_limit import CLIENT
from tracker_service.api.http.errors import http_error
from tracker_service.api.http.fair_turns import FairTurns
from tracker_service.errors import JobFolderError
from tracker_service.tracing.spans import carried

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_THREADS = 8
_THREADS_OF_A_CLIENT = 2
"""Raising it reads more for one client from a database that is far away, and takes the processor from the others."""
_REST = 7.0
"""How many times what a call has computed its client rests after it, with one of its threads, if it asks for several
at a time. Threads of Python compute in turn: raising it leaves more time to others, and lets such a client wait."""
_GLANCE_SECONDS = 1.0
"""How long those wait who can do without an answer."""
_logger = logging.getLogger(__name__)


class StoreCalls:
    """Makes the calls.

    Args:
        seconds: deadline of a call. Raising it bears a slower database, and lets clients wait longer for a dead one.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="jobs")
        self._turns = FairTurns(_THREADS, share=_THREADS_OF_A_CLIENT)
        self._running = 0

    @property
    def stuck(self) -> bool:
        """Whether calls are running; once the service has stopped, they are those that do not end."""
        return self._running > 0

    async def call(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Call ``function`` in a thread, when it is the turn of the client that asks.

        Raises:
            HTTPException: 503, it has not returned in time; it may still do what it does.
            JobFolderError: it cannot write or read its files.
        """
        begun = asyncio.Event()
        called = asyncio.create_task(self._in_turn(carried(partial(function, *args, **kwargs)), begun))
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(called)
        except TimeoutError:
            _logger.warning("the jobs' database has not answered for %g s", self._seconds)
            raise http_error(503, "the video jobs' database does not answer; try again", retry_after=10) from None
        except OSError as error:
            raise JobFolderError(f"job folder: {error}") from error
        finally:
            if not begun.is_set():
                called.cancel()
            called.add_done_callback(_forget)

    def glance(self, function: Callable[[], Result]) -> Result | None:
        """Call ``function`` in a thread and wait for a moment; None where it fails or takes longer."""
        called = self._submit(function)
        try:
            return called.result(_GLANCE_SECONDS)
        except concurrent.futures.TimeoutError:
            called.cancel()
            _logger.warning("the jobs cannot be counted: their database does not answer")
        except Exception as error:  # whoever asks does without
            _logger.warning("the jobs cannot be counted: %s", error)
        return None

    def close(self) -> None:
        """Make no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_turn(self, function: Callable[[], Result], begun: asyncio.Event) -> Result:
        """Call ``function``; the turn lasts as long as its thread is busy, whoever has stopped waiting for it."""
        computed = 0.0

        def measured() -> Result:
            nonlocal computed
            before = time.thread_time()
            try:
                return function()
            finally:
                computed = time.thread_time() - before

        async with self._turns.turn(CLIENT.get()) as turn:
            begun.set()
            try:
                return await asyncio.wrap_future(self._submit(measured))
            finally:
                turn.rest = _REST * computed

    def _submit(self, function: Callable[[], Result]) -> "concurrent.futures.Future[Result]":
        def counted() -> Result:
            self._running += 1
            try:
                return function()
            finally:
                self._running -= 1

        return self._threads.submit(counted)


def _forget(called: "asyncio.Task[Result]") -> None:
    """Take note of an error that nobody waits for any more."""
    if not called.cancelled():
        called.exception()
