"""Frames of all sessions through the models, in batches that form by themselves.

Whenever a worker is free it takes what waits, up to a window of frames. A lone frame is therefore never held back, and
batches grow with the load.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tracker_service.errors import InferenceFailedError, InferenceUnavailableError, PhalpTritonError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import MarkedFrame


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    frame: MarkedFrame
    observed: asyncio.Future[FrameObservation]


class FrameBatches:
    """Runs frames through `observe` in batches; belongs to one event loop.

    The caller bounds how many frames it submits. A frame whose future is cancelled before its batch begins costs
    nothing.

    Args:
        observe: finds the people of a batch of frames; called in threads.
        window: most frames in a batch.
        workers: batches computed at the same time.
        on_batch: called with the number of frames of every batch.
    """

    def __init__(
        self,
        observe: Callable[[Sequence[MarkedFrame]], tuple[FrameObservation, ...]],
        *,
        window: int,
        workers: int,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._observe = observe
        self._window = window
        self._idle = workers
        self._on_batch = on_batch
        self._waiting: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="frames")

    def submit(self, frame: MarkedFrame) -> asyncio.Future[FrameObservation]:
        """Queue a frame and return the future of its observation.

        The future fails with `InferenceUnavailableError` where the models cannot be reached now, with another
        `PhalpTritonError` where they cannot deal with this very frame.
        """
        loop = asyncio.get_running_loop()
        observed: asyncio.Future[FrameObservation] = loop.create_future()
        self._waiting.append(_Waiting(frame, observed))
        # Not at once, so that frames that arrive in the same turn of the loop share a batch.
        loop.call_soon(self._dispatch)
        return observed

    def withdraw(self, observed: asyncio.Future[FrameObservation]) -> bool:
        """Take a frame back; return whether its batch had not begun, which is when this has an effect."""
        for waiting in self._waiting:
            if waiting.observed is observed:
                self._waiting.remove(waiting)
                observed.cancel()
                return True
        return False

    async def close(self) -> None:
        """Drop what waits and take no more; a batch that runs in a thread goes on there and is ignored."""
        while self._waiting:
            self._waiting.popleft().observed.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _observed(self, frames: list[MarkedFrame]) -> tuple[FrameObservation, ...]:
        observations = self._observe(frames)
        if len(observations) != len(frames):
            raise InferenceFailedError(f"expected {len(frames)} observed frames, got {len(observations)}")
        return observations

    def _dispatch(self) -> None:
        while self._idle and self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._window, len(self._waiting)))]
            if batch := _wanted(batch):
                self._idle -= 1
                task = asyncio.create_task(self._run(batch))
                self._running.add(task)
                task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._idle += 1
        self._dispatch()

    async def _run(self, batch: list[_Waiting]) -> None:
        """Compute a batch; if it fails for a reason of its own, its frames one by one."""
        if self._on_batch is not None:
            self._on_batch(len(batch))
        loop = asyncio.get_running_loop()
        try:
            observations = await loop.run_in_executor(self._pool, self._observed, [waiting.frame for waiting in batch])
        except InferenceUnavailableError as error:
            _fail(batch, error)
        except Exception as error:  # also what numpy, OpenCV or a runtime raise at a frame nobody foresaw
            if len(batch) == 1:
                _fail(batch, _of_the_tree(error))
            for waiting in _wanted(batch) if len(batch) > 1 else ():
                await self._run([waiting])
        else:
            for waiting, observation in zip(batch, observations, strict=True):
                if not waiting.observed.done():
                    waiting.observed.set_result(observation)


def _wanted(batch: list[_Waiting]) -> list[_Waiting]:
    return [waiting for waiting in batch if not waiting.observed.done()]


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for waiting in _wanted(batch):
        waiting.observed.set_exception(error)


def _of_the_tree(error: Exception) -> PhalpTritonError:
    if isinstance(error, PhalpTritonError):
        return error
    wrapped = InferenceFailedError(f"expected the people of a frame, got {type(error).__name__}: {_one_line(error)}")
    wrapped.__cause__ = error
    return wrapped


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
