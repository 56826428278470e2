"""Dynamic batching: the frames of all sessions go through the models together.

Whenever a worker is free it takes the queued frames of the clients in turn, up to a window of them. So a lone frame is
never delayed, batches grow with the load, and a client that sends many frames keeps the others waiting for few of them.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tracker_service.errors import InferenceFailedError, InferenceUnavailableError, PhalpTritonError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.client_queues import ClientQueues
from tracker_service.tracing.spans import Span, carried, here, together
from tracker_service.types import Frame


@dataclass(frozen=True, slots=True, eq=False)
class _Queued:
    client: str
    frame: Frame
    observed: asyncio.Future[FrameObservation]
    span: Span | None


class FrameBatcher:
    """Runs frames through `observe` in batches; belongs to one event loop.

    The caller bounds how many frames it submits. A frame whose future is cancelled before its batch begins is not
    computed.

    Args:
        observe: finds the people of a batch of frames; called in threads.
        window: most frames in a batch.
        workers: batches computed at the same time.
        on_batch: called with the number of frames of every batch.
    """

    def __init__(
        self,
        observe: Callable[[Sequence[Frame]], tuple[FrameObservation, ...]],
        *,
        window: int,
        workers: int,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._observe = observe
        self._window = window
        self._workers = self._idle = workers
        self._on_batch = on_batch
        self._queued: ClientQueues[_Queued] = ClientQueues(time.monotonic)
        self._running: dict[asyncio.Task[None], frozenset[str]] = {}
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="frames")

    def submit(self, frame: Frame, client: str = "") -> asyncio.Future[FrameObservation]:
        """Queue a frame of ``client`` and return the future of its observation.

        The future fails with `InferenceUnavailableError` where the models cannot be reached now, with another
        `PhalpTritonError` where they fail for this very frame.
        """
        loop = asyncio.get_running_loop()
        observed: asyncio.Future[FrameObservation] = loop.create_future()
        self._queued.append(client, _Queued(client, frame, observed, here()))
        # Not at once, so that frames that arrive in the same iteration of the loop share a batch.
        loop.call_soon(self._dispatch)
        return observed

    def withdraw(self, observed: asyncio.Future[FrameObservation]) -> bool:
        """Take a frame back; return whether its batch had not begun, which is when this has an effect."""
        if self._queued.remove(lambda queued: queued.observed is observed) is None:
            return False
        observed.cancel()
        return True

    async def close(self) -> None:
        """Cancel the queued frames and take no more; a batch that runs in a thread goes on there and is ignored."""
        while queued := self._queued.next_batch(self._window):
            for each in queued:
                each.observed.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _observed(self, frames: list[Frame]) -> tuple[FrameObservation, ...]:
        observations = self._observe(frames)
        if len(observations) != len(frames):
            raise InferenceFailedError(f"expected {len(frames)} observed frames, got {len(observations)}")
        return observations

    def _dispatch(self) -> None:
        while self._idle and (taken := self._queued.next_batch(self._window, self._busy())):
            if batch := _not_cancelled(taken):
                self._idle -= 1
                task = asyncio.create_task(self._run(batch))
                self._running[task] = frozenset(queued.client for queued in batch)
                task.add_done_callback(self._finished)

    def _busy(self) -> frozenset[str]:
        """Return the clients that leave the last idle worker to others: those whose frames are being computed."""
        return frozenset().union(*self._running.values()) if self._idle == 1 < self._workers else frozenset()

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._idle += 1
        self._dispatch()

    async def _run(self, batch: list[_Queued]) -> None:
        """Compute a batch; if it fails although the models can be reached, its frames one by one."""
        if self._on_batch is not None:
            self._on_batch(len(batch))
        loop = asyncio.get_running_loop()
        try:
            with together([queued.span for queued in batch], "batch", {"phalp.frames": len(batch)}):
                frames = [queued.frame for queued in batch]
                observations = await loop.run_in_executor(self._pool, carried(self._observed), frames)
        except InferenceUnavailableError as error:
            _fail(batch, error)
        except Exception as error:  # also what numpy, OpenCV or a runtime may raise
            if len(batch) == 1:
                _fail(batch, _inference_error(error))
            for queued in _not_cancelled(batch) if len(batch) > 1 else ():
                await self._run([queued])
        else:
            for queued, observation in zip(batch, observations, strict=True):
                if not queued.observed.done():
                    queued.observed.set_result(observation)


def _not_cancelled(batch: list[_Queued]) -> list[_Queued]:
    return [queued for queued in batch if not queued.observed.done()]


def _fail(batch: list[_Queued], error: Exception) -> None:
    for queued in _not_cancelled(batch):
        queued.observed.set_exception(error)


def _inference_error(error: Exception) -> PhalpTritonError:
    if isinstance(error, PhalpTritonError):
        return error
    wrapped = InferenceFailedError(f"expected the people of a frame, got {type(error).__name__}: {_one_line(error)}")
    wrapped.__cause__ = error
    return wrapped


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
