"""`benchmarks.serving_stages`: requests that overlap count once, pauses between them do not."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from benchmarks.serving_stages import WatchedClient
from tracker_service.errors import InferenceFailedError
from tracker_service.inference.client import ModelSpec, Tensor


class Scripted:
    """A client that does something during every request."""

    def __init__(self, during: Callable[[], None]) -> None:
        self._during = during
        self.closed = False

    def signature(self, model: str) -> ModelSpec:
        return ModelSpec(model, {}, {})

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        assert model == "model"
        self._during()
        return dict.fromkeys(outputs, inputs["rows"])

    def close(self) -> None:
        self.closed = True


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def ask(client: WatchedClient) -> dict[str, Tensor]:
    return client.infer("model", {"rows": np.ones((2, 1), np.float32)}, ("same",))


def test_requests_one_after_another_add_up_without_the_pause_between_them() -> None:
    clock = Clock()
    client = WatchedClient(Scripted(lambda: clock.advance(2.0)), clock)
    ask(client)
    clock.advance(5.0)
    assert np.array_equal(ask(client)["same"], np.ones((2, 1), np.float32))
    assert client.busy_seconds() == pytest.approx(4.0)


def test_a_request_within_another_ones_time_counts_once() -> None:
    clock, depth = Clock(), [0]

    def during() -> None:
        clock.advance(1.0)
        if depth[0] == 0:
            depth[0] += 1
            ask(client)
        clock.advance(1.0)

    client = WatchedClient(Scripted(during), clock)
    ask(client)
    assert client.busy_seconds() == pytest.approx(4.0)


def test_a_request_that_fails_counts_until_it_failed() -> None:
    clock = Clock()

    def fail() -> None:
        clock.advance(3.0)
        raise InferenceFailedError("no")

    client = WatchedClient(Scripted(fail), clock)
    with pytest.raises(InferenceFailedError):
        ask(client)
    clock.advance(1.0)
    assert client.busy_seconds() == pytest.approx(3.0)


def test_the_signature_is_that_of_the_client_behind_and_closing_closes_it() -> None:
    behind = Scripted(lambda: None)
    client = WatchedClient(behind)
    assert client.signature("hmr2").name == "hmr2"
    client.close()
    assert behind.closed
    assert client.busy_seconds() == 0.0
