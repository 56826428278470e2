"""Faults of a real server in the middle of a run: nothing is lost, and what cannot be healed is one of our errors."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]
from tritonclient.grpc import InferenceServerClient

from harness.triton import graphs
from harness.triton.environment import ServerEnvironment
from harness.triton.repository import MODEL_REPOSITORY, build_repository, read_config, set_parameters
from harness.triton.server import TritonServer
from tests.inference.triton.tensors import random_inputs
from tracker_service.errors import (
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceTimeoutError,
    InferenceUnavailableError,
    ModelContractError,
    ModelNotFoundError,
)
from tracker_service.inference.client import Tensor
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient

CALLS = 40
JOB = InferenceParameters(budget_seconds=math.inf, attempt_seconds=1.0, longest_delay=0.5)
JOB_WITHOUT_HURRY = InferenceParameters(budget_seconds=math.inf)
FRAME = InferenceParameters(budget_seconds=1.0, attempt_seconds=0.5, reload_seconds=0.5)
OUTPUTS = ["betas", "joints_3d"]


@pytest.fixture
def server(environment: ServerEnvironment, tmp_path: Path) -> Iterator[TritonServer]:
    server = TritonServer(environment, build_repository(tmp_path / "models", ["hmr2"]), tmp_path / "log")
    yield server
    server.kill()


@pytest.fixture
def repository(server: TritonServer) -> Path:
    return server.repository


def batch(seed: int) -> dict[str, Tensor]:
    return {"crops": np.random.default_rng(seed).integers(0, 256, (4, 256, 256, 3), np.uint8)}


class Run:
    """A thread that makes ``calls`` calls, as a job does window by window, and keeps the answers."""

    def __init__(self, client: TritonClient, calls: int = CALLS) -> None:
        self.answers: list[dict[str, Tensor]] = []
        self.error: BaseException | None = None
        self._client = client
        self._calls = calls
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.answers) < count and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(self.answers) >= count, self.error

    def finish(self) -> list[dict[str, Tensor]]:
        self._thread.join(90)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error
        return self.answers

    def _work(self) -> None:
        try:
            for seed in range(self._calls):
                self.answers.append(self._client.infer("hmr2", batch(seed), OUTPUTS))
                time.sleep(0.005)
        except BaseException as error:
            self.error = error


def crash(server: TritonServer) -> None:
    server.crash(0.3)


def restart(server: TritonServer) -> None:
    server.stop()
    server.start()


def hang(server: TritonServer) -> None:
    os.kill(server.pid, signal.SIGSTOP)
    time.sleep(1.6)
    os.kill(server.pid, signal.SIGCONT)


def kill_stub_and_reload(server: TritonServer) -> None:
    for stub in server.stubs():
        stub.kill()
    time.sleep(0.5)
    reload(server)


def reload(server: TritonServer) -> None:
    with InferenceServerClient(server.url) as client:
        client.unload_model("hmr2")
        while client.is_model_ready("hmr2"):
            time.sleep(0.05)
        # A dead stub is let go of only some time after the unload was answered.
        time.sleep(1.0)
        client.load_model("hmr2")


@pytest.mark.parametrize("shared_memory", [True, False], ids=["shared memory", "gRPC only"])
@pytest.mark.parametrize("fault", [crash, restart, hang, kill_stub_and_reload, reload])
def test_a_run_survives_and_its_results_are_identical(
    server: TritonServer, fault: Callable[[TritonServer], None], shared_memory: bool
) -> None:
    server.start()
    client = TritonClient(server.url, replace(JOB, shared_memory=shared_memory))
    run = Run(client)
    run.wait_for(5)
    fault(server)
    answers = run.finish()
    assert client.uses_shared_memory == shared_memory
    client.close()
    embedded = EmbeddedClient(server.repository, threads=1)
    assert len(answers) == CALLS
    for seed, answer in enumerate(answers):
        expected = embedded.infer("hmr2", batch(seed), OUTPUTS)
        for name in OUTPUTS:
            np.testing.assert_allclose(answer[name], expected[name], atol=1e-5)


def test_a_client_that_is_there_first_waits_for_the_server(server: TritonServer) -> None:
    client = TritonClient(server.url, JOB)
    run = Run(client)
    time.sleep(0.5)
    assert not run.answers
    server.start()
    assert len(run.finish()) == CALLS
    client.close()


def test_without_a_server_a_frame_call_ends_within_its_budget(server: TritonServer) -> None:
    client = TritonClient(server.url, FRAME)
    started = time.monotonic()
    with pytest.raises(
        InferenceUnavailableError, match=rf"hmr2 on Triton {server.url}: .*Connection refused"
    ) as raised:
        client.signature("hmr2")
    assert time.monotonic() - started < FRAME.budget_seconds + 5
    assert raised.value.retry_after > 0
    client.close()


def test_a_dead_server_is_not_hammered(server: TritonServer) -> None:
    policy = InferenceParameters(budget_seconds=2.0, first_delay=0.05, breaker_failures=3)
    client = TritonClient(server.url, policy)
    errors: list[Exception] = []

    def call() -> None:
        try:
            client.signature("hmr2")
        except InferenceUnavailableError as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert len(errors) == 10
    # Once the breaker is open, nine of ten wait for the tenth instead of asking themselves.
    assert sum("not asked" in str(error) for error in errors) >= 8


def test_a_removed_model_is_reported_after_the_reload_time(server: TritonServer) -> None:
    server.start()
    client = TritonClient(server.url, FRAME)
    client.infer("hmr2", batch(0), OUTPUTS)
    with InferenceServerClient(server.url) as other:
        other.unload_model("hmr2")
    with pytest.raises(ModelNotFoundError, match=r"hmr2 .*(not found|no available versions)"):
        client.infer("hmr2", batch(0), OUTPUTS)
    client.close()


def test_a_dead_stub_that_nobody_reloads_is_reported(server: TritonServer) -> None:
    server.start()
    client = TritonClient(server.url, InferenceParameters(budget_seconds=20, reload_seconds=0.5))
    client.infer("hmr2", batch(0), OUTPUTS)
    for stub in server.stubs():
        stub.kill()
    with pytest.raises(InferenceFailedError, match=r"Stub process .* is not healthy.*gave up after"):
        client.infer("hmr2", batch(0), OUTPUTS)
    client.close()


def test_another_model_under_the_same_name_after_a_restart_is_refused(server: TritonServer, repository: Path) -> None:
    server.start()
    client = TritonClient(server.url, JOB)
    client.infer("hmr2", batch(0), OUTPUTS)
    server.kill()
    run = Run(client)
    graphs.write("detector", repository / "hmr2" / "1" / "model.onnx")
    config = (MODEL_REPOSITORY / "detector" / "config.pbtxt").read_text()
    (repository / "hmr2" / "config.pbtxt").write_text(config.replace('name: "detector"', 'name: "hmr2"'))
    server.start()
    with pytest.raises(
        ModelContractError, match=r"model hmr2 changed on Triton .*inputs \['crops'\] became \['images'\]"
    ):
        run.finish()
    client.close()


def test_a_full_queue_loses_nothing(server: TritonServer, repository: Path) -> None:
    limit_queue(repository, 1)
    server.start()
    clients = [TritonClient(server.url, replace(JOB, max_in_flight=8)) for _ in range(3)]
    runs = [Run(client, 10) for client in clients for _ in range(3)]
    answers = [run.finish() for run in runs]
    for client in clients:
        client.close()
    assert [len(answer) for answer in answers] == [10] * 9
    # The server's own metrics count what it rejects as successes.
    assert sum(client.retries().get("InferenceOverloadedError", 0) for client in clients) > 0


def limit_queue(repository: Path, size: int) -> None:
    path = repository / "hmr2" / "config.pbtxt"
    limit = read_config(path).dynamic_batching.default_queue_policy.max_queue_size
    path.write_text(path.read_text().replace(f"max_queue_size: {limit}", f"max_queue_size: {size}"))


def test_a_queue_that_stays_full_is_reported(server: TritonServer, repository: Path) -> None:
    limit_queue(repository, 1)
    set_parameters(repository, "hmr2", {"test_delay_ms": "4000"})
    # Warming up with that delay would only take time.
    path = repository / "hmr2" / "config.pbtxt"
    config = read_config(path)
    config.ClearField("model_warmup")
    path.write_text(text_format.MessageToString(config))
    server.start()
    frame = TritonClient(server.url, InferenceParameters(budget_seconds=1.5, attempt_seconds=5))
    frame.signature("hmr2")
    others = TritonClient(server.url, JOB_WITHOUT_HURRY)
    inputs = random_inputs(others.signature("hmr2"), config.max_batch_size)

    def occupy() -> None:
        with suppress(InferenceUnavailableError):
            others.infer("hmr2", inputs, OUTPUTS)

    threads = [threading.Thread(target=occupy) for _ in range(3)]
    for thread in threads:
        thread.start()
    # Two may be refused at first, before the server has taken the one that it computes from the queue. Refused more
    # often than that, one computes, one is queued and the third waits.
    while sum(others.retries().values()) < 4:
        time.sleep(0.01)
    with pytest.raises(InferenceOverloadedError, match="the queue is full"):
        frame.infer("hmr2", inputs, OUTPUTS)
    others.close()
    frame.close()
    for thread in threads:
        thread.join()


def test_a_model_slower_than_the_deadline_is_reported(server: TritonServer, repository: Path) -> None:
    set_parameters(repository, "hmr2", {"test_delay_ms": "800"})
    server.start()
    client = TritonClient(server.url, FRAME)
    with pytest.raises(InferenceTimeoutError, match="no answer in time"):
        client.infer("hmr2", batch(0), OUTPUTS)
    client.close()
