"""An event loop in a thread of its own, for callers that are ordinary threads."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from tracker_service.errors import InferenceUnavailableError

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines for other threads until it is closed.

    anyio's blocking portal does the same and was tried: its calls take longer, because each gets a cancel scope and a
    task of its own, which nobody here needs.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_report)
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._closed = False
        self._closing = threading.Lock()
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Return the coroutine's result; leaving early, as by Ctrl-C, cancels it.

        Raises:
            InferenceUnavailableError: the loop was closed.
        """
        with self._closing:
            if self._closed:
                coroutine.close()
                raise InferenceUnavailableError("the client is closed")
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except CancelledError as error:
            raise InferenceUnavailableError("the client was closed during the call") from error
        finally:
            future.cancel()

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what is running, run ``last``, and end the thread; later calls do nothing."""
        with self._closing:
            if self._closed:
                last.close()
                return
            self._closed = True
            future = asyncio.run_coroutine_threadsafe(self._finish(last), self._loop)
        try:
            future.result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _finish(self, last: Coroutine[Any, Any, None]) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await last


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # gRPC wakes the loops of all clients of a process for each event; those that come too late find nothing to read.
    if not isinstance(context.get("exception"), BlockingIOError):
        loop.default_exception_handler(context)
