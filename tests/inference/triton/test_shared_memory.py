"""Shared memory: cleaned up in every way a process can end, and never read back while the server may still write."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient

from harness.triton.environment import ServerEnvironment
from harness.triton.repository import build_repository, set_parameters
from harness.triton.server import TritonServer
from tests.inference.triton.tensors import random_inputs
from tracker_service.errors import InferenceOverloadedError, InferenceTimeoutError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton import regions
from tracker_service.inference.triton.client import TritonClient

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import sys, time, numpy as np
from tracker_service.inference.triton.client import TritonClient
from tracker_service.inference.triton import regions
regions.PREFIX = sys.argv[3]
client = TritonClient(sys.argv[1])
client.infer("hmr2", {"crops": np.zeros((4, 256, 256, 3), np.uint8)}, ["betas"])
print("ready" if client.uses_shared_memory else "not shared", flush=True)
if sys.argv[2] == "wait":
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests in other processes have regions at the same time."""
    monkeypatch.setattr(regions, "PREFIX", f"{regions.PREFIX}{os.getpid()}-")


def names() -> set[str]:
    return {path.name for path in regions.FOLDER.glob(f"{regions.PREFIX}*")}


def registered(server: TritonServer) -> set[str]:
    with InferenceServerClient(server.url) as client:
        return set(client.get_system_shared_memory_status().regions)


def infer(client: TritonClient, rows: int = 4) -> dict[str, np.ndarray]:
    return client.infer("hmr2", random_inputs(client.signature("hmr2"), rows), ["betas", "vertices"])


@contextmanager
def other_process(server: TritonServer, mode: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", SCRIPT, server.url, mode, regions.PREFIX]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def test_regions_are_reused_and_removed_on_close(server: TritonServer) -> None:
    before = names()
    client = TritonClient(server.url)
    for _ in range(5):
        infer(client)
    assert len(names() - before) == 1
    assert registered(server) >= names() - before
    client.close()
    assert names() == before
    assert not registered(server) - before


def test_a_larger_batch_replaces_the_region(server: TritonServer) -> None:
    before = names()
    client = TritonClient(server.url)
    for rows in (1, 8, 32, 2):
        infer(client, rows)
    assert len(names() - before) == 1
    client.close()


def test_a_process_that_forgets_to_close_leaves_nothing(server: TritonServer) -> None:
    before = names()
    with other_process(server, "exit") as process:
        assert process.wait(20) == 0
    assert names() == before


def test_what_a_killed_process_left_is_removed_here_and_on_the_server(server: TritonServer) -> None:
    with other_process(server, "wait") as process:
        left = names() & registered(server)
        assert left
        alive = TritonClient(server.url)
        infer(alive)
        assert left <= names(), "the memory of a living process was removed"
        process.send_signal(signal.SIGKILL)
    next_client = TritonClient(server.url)
    infer(next_client)
    assert not left & names()
    assert not left & registered(server)
    infer(alive)
    for client in (alive, next_client):
        client.close()


def test_a_server_that_cannot_open_it_gets_tensors_over_grpc(
    server: TritonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regions, "FOLDER", tmp_path)  # as if the server ran on another host
    client = TritonClient(server.url)
    assert infer(client)["betas"].shape == (4, 10)
    assert not client.uses_shared_memory
    assert not list(tmp_path.iterdir())
    client.close()


def test_without_shared_memory_on_the_system_tensors_go_over_grpc(
    server: TritonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regions, "FOLDER", tmp_path / "absent")
    client = TritonClient(server.url)
    assert infer(client)["betas"].shape == (4, 10)
    client.close()


def test_an_answer_that_comes_after_the_deadline_does_not_reach_a_later_call(
    environment: ServerEnvironment, tmp_path: Path
) -> None:
    repository = build_repository(tmp_path / "models", ["hmr2"])
    set_parameters(repository, "hmr2", {"test_delay_ms": "400"})
    server = TritonServer(environment, repository, tmp_path / "log")
    impatient = InferenceParameters(attempt_seconds=0.2, budget_seconds=0.3, breaker_failures=100)
    embedded = EmbeddedClient(repository, threads=1)
    try:
        server.start()
        client = TritonClient(server.url, impatient)
        spec = client.signature("hmr2")
        # Where a second attempt is made, it may find the first still in its way and end in the server's queue.
        with pytest.raises((InferenceTimeoutError, InferenceOverloadedError)):
            client.infer("hmr2", random_inputs(spec, 4, seed=1), ["vertices"])
        patient = TritonClient(server.url)
        inputs = random_inputs(spec, 4, seed=2)
        answer = patient.infer("hmr2", inputs, ["vertices"])["vertices"]
        np.testing.assert_allclose(answer, embedded.infer("hmr2", inputs, ["vertices"])["vertices"], atol=1e-5)
        client.close()
        patient.close()
    finally:
        server.kill()
