import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from tests.sessions.synthetic_sessions import Models
from tracker_service.errors import (
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceUnavailableError,
    ModelContractError,
)
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.batching import FrameBatcher
from tracker_service.types import ArrayPicture, Frame


def frame(number: int) -> Frame:
    return Frame(number, 0.0, ArrayPicture(np.zeros((1, 1, 3), np.uint8)))


class Run:
    """Batches in a loop of their own."""

    def __init__(self, models: Models, *, window: int = 4, workers: int = 1) -> None:
        self.models = models
        self.sizes: list[int] = []
        self.batches = FrameBatcher(models.observe, window=window, workers=workers, on_batch=self.sizes.append)

    def submit(self, *numbers: int) -> list[asyncio.Future[FrameObservation]]:
        return [self.batches.submit(frame(number)) for number in numbers]

    async def until_batches(self, count: int) -> None:
        while len(self.models.batches) < count:
            await asyncio.sleep(0.001)


def run(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), timeout=30))


async def outcome(future: asyncio.Future[FrameObservation]) -> int | type[BaseException]:
    """Return the number of the frame, or what its future failed with; a cancellation of the test itself passes."""
    await asyncio.wait([future])
    if future.cancelled():
        return asyncio.CancelledError
    error = future.exception()
    return future.result().frame_number if error is None else type(error)


async def outcomes(*futures: asyncio.Future[FrameObservation]) -> list[int | type[BaseException]]:
    return [await outcome(future) for future in futures]


def test_a_lone_frame_is_a_batch_at_once() -> None:
    async def body() -> None:
        batches = Run(Models())
        assert await outcomes(*batches.submit(7)) == [7]
        assert batches.sizes == [1]
        await batches.batches.close()

    run(body)


def test_frames_that_come_together_share_a_batch() -> None:
    async def body() -> None:
        batches = Run(Models())
        assert await outcomes(*batches.submit(0, 1, 2)) == [0, 1, 2]
        assert batches.sizes == [3]
        await batches.batches.close()

    run(body)


def test_frames_queued_while_a_worker_is_busy_are_batched_up_to_the_window() -> None:
    async def body() -> None:
        models = Models()
        models.gate.clear()
        batches = Run(models, window=3)
        first = batches.submit(0)
        await batches.until_batches(1)
        rest = batches.submit(*range(1, 9))
        models.gate.set()
        assert await outcomes(*first, *rest) == list(range(9))
        assert models.batches == [[0], [1, 2, 3], [4, 5, 6], [7, 8]]
        assert batches.sizes == [1, 3, 3, 2]
        await batches.batches.close()

    run(body)


def test_workers_compute_batches_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)

    def observe(window: Any) -> tuple[FrameObservation, ...]:
        both.wait()
        return Models().observe(window)

    async def body() -> None:
        batches = FrameBatcher(observe, window=1, workers=2)
        futures = [batches.submit(frame(number)) for number in range(2)]
        assert await outcomes(*futures) == [0, 1]
        await batches.close()

    run(body)


def test_a_client_that_sends_many_frames_leaves_a_worker_to_another_one_that_was_here() -> None:
    released = threading.Event()

    def observe(window: Any) -> tuple[FrameObservation, ...]:
        if window[0].number >= 100:
            released.wait(20)
        return Models().observe(window)

    async def body() -> None:
        batches = FrameBatcher(observe, window=1, workers=2)
        assert await outcomes(batches.submit(frame(0), "quiet")) == [0]
        many = [batches.submit(frame(number), "loud") for number in range(100, 104)]
        await asyncio.sleep(0)
        assert await outcomes(batches.submit(frame(1), "quiet")) == [1]
        released.set()
        assert await outcomes(*many) == [100, 101, 102, 103]
        await batches.close()

    run(body)


def test_one_failing_frame_fails_alone() -> None:
    async def body() -> None:
        models = Models(failures={2: ModelContractError("broken")})
        batches = Run(models)
        assert await outcomes(*batches.submit(0, 1, 2, 3)) == [0, 1, ModelContractError, 3]
        assert models.batches == [[0, 1, 2, 3], [0], [1], [2], [3]]
        assert await outcomes(*batches.submit(5)) == [5]
        await batches.batches.close()

    run(body)


def test_any_other_exception_becomes_an_inference_error() -> None:
    async def body() -> None:
        batches = Run(Models(failures={1: ZeroDivisionError("by\nzero")}))
        lone, fine = batches.submit(1, 2)
        with pytest.raises(InferenceFailedError, match="got ZeroDivisionError: by zero") as raised:
            await lone
        assert isinstance(raised.value.__cause__, ZeroDivisionError)
        assert await outcome(fine) == 2
        await batches.batches.close()

    run(body)


@pytest.mark.parametrize("error", [InferenceUnavailableError("away"), InferenceOverloadedError("full")])
def test_models_that_cannot_be_reached_are_not_asked_again_frame_by_frame(error: InferenceUnavailableError) -> None:
    async def body() -> None:
        models = Models(failures={1: error})
        batches = Run(models)
        assert await outcomes(*batches.submit(0, 1, 2)) == [type(error)] * 3
        assert models.batches == [[0, 1, 2]]
        await batches.batches.close()

    run(body)


def test_too_few_observations_fail_the_frames_of_the_batch_only() -> None:
    async def body() -> None:
        batches = FrameBatcher(lambda window: Models().observe(window)[1:], window=4, workers=1)
        futures = [batches.submit(frame(number)) for number in range(2)]
        assert await outcomes(*futures) == [InferenceFailedError] * 2
        await batches.close()

    run(body)


def test_withdrawn_and_cancelled_frames_cost_nothing() -> None:
    async def body() -> None:
        models = Models()
        models.gate.clear()
        batches = Run(models)
        first = batches.submit(0)
        await batches.until_batches(1)
        rest = batches.submit(1, 2, 3, 4)
        assert batches.batches.withdraw(rest[0])
        rest[2].cancel()
        assert not batches.batches.withdraw(first[0])
        models.gate.set()
        cancelled = asyncio.CancelledError
        assert await outcomes(*first, *rest) == [0, cancelled, 2, cancelled, 4]
        assert models.batches == [[0], [2, 4]]
        assert not batches.batches.withdraw(rest[1])
        await batches.batches.close()

    run(body)


def test_a_batch_of_withdrawn_frames_only_is_not_computed() -> None:
    async def body() -> None:
        models = Models()
        batches = Run(models)
        for future in batches.submit(0, 1):
            future.cancel()
        assert await outcomes(*batches.submit(2)) == [2]
        assert models.batches == [[2]]
        await batches.batches.close()

    run(body)


def test_closing_cancels_queued_frames_and_not_the_running_batch() -> None:
    async def body() -> None:
        models = Models()
        models.gate.clear()
        batches = Run(models)
        running = batches.submit(0)
        await batches.until_batches(1)
        waiting = batches.submit(1, 2)
        await batches.batches.close()
        assert await outcomes(*waiting) == [asyncio.CancelledError] * 2
        assert not running[0].done()
        models.gate.set()
        assert models.batches == [[0]]

    run(body)
