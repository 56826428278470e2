"""Several servers used as one: a list of them, as a name with several addresses is resolved to."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pytest
from tritonclient.grpc import InferenceServerClient

from harness.ports import free_ports
from harness.triton.broken_graphs import reordered
from harness.triton.changed_config import changed_config, on_openvino
from harness.triton.environment import ServerEnvironment
from harness.triton.repository import MODEL_REPOSITORY, build_repository
from harness.triton.server import TritonServer
from harness.waiting import until
from tracker_service.errors import DeviceError, InferenceUnavailableError, ModelResultsError
from tracker_service.inference.several_servers import SeveralServers
from tracker_service.settings import load_settings
from tracker_service.wiring.models import open_client

MODEL = "hmr_lite"
RIGHT = MODEL_REPOSITORY / MODEL / "1" / "model.onnx"
OUTPUTS = ("joints_3d", "betas")
REQUESTS = 8
CROPS = {"crops": np.random.default_rng(0).integers(0, 255, (2, 256, 256, 3), np.uint8)}
LONG, SHORT = 1000.0, 0.3
"""Seconds between two looks: none within a test, or soon."""


def file_of(server: TritonServer) -> Path:
    return server.repository / MODEL / "1" / "model.onnx"


def put_right(server: TritonServer) -> None:
    """Load the right graph into a server that has the wrong one."""
    if file_of(server).read_bytes() != RIGHT.read_bytes():
        file_of(server).write_bytes(RIGHT.read_bytes())
        with closing(InferenceServerClient(server.url)) as client:
            client.load_model(MODEL)


@pytest.fixture(scope="module")
def servers(environment: ServerEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[TritonServer]]:
    """Two servers, of which the first begins with a wrong graph."""
    folder = tmp_path_factory.mktemp("several")
    both = [
        TritonServer(environment, build_repository(folder / name, [MODEL]), folder / f"log-{name}")
        for name in ("first", "second")
    ]
    onnx.save(reordered(onnx.load(RIGHT), "joints_3d", range(43, -1, -1), 1), file_of(both[0]))
    for server in both:
        server.start(wait=False)
    try:
        for server in both:
            server.wait_ready()
        yield both
    finally:
        for server in both:
            server.kill()


def nowhere(count: int) -> list[str]:
    return [f"127.0.0.1:{port}" for port in free_ports(count)]


def opened(
    urls: list[str], look_seconds: float = LONG, budget_seconds: float = 60.0, device: str = "auto"
) -> SeveralServers:
    inference = {
        "device": device,
        "kind": "triton",
        "triton_url": ",".join(urls),
        "budget_seconds": budget_seconds,
        "verify_seconds": look_seconds,
    }
    client = open_client(load_settings({"inference": inference}))
    assert isinstance(client, SeveralServers)
    return client


def answered(server: TritonServer) -> int:
    """Return how many requests a server has answered, without those of its warm-up."""
    with closing(InferenceServerClient(server.url)) as client:
        statistics = client.get_inference_statistics(MODEL, as_json=True)["model_stats"][0]
    return int(statistics["inference_stats"]["success"]["count"])


def since(servers: list[TritonServer], before: list[int]) -> list[int]:
    """Return how many requests each server has answered since; it counts a little after it has answered."""
    return [answered(server) - count for server, count in zip(servers, before, strict=True)]


def use(client: SeveralServers) -> None:
    assert client.infer(MODEL, CROPS, OUTPUTS)["joints_3d"].shape == (2, 44, 3)


def used_again(client: SeveralServers, server: TritonServer, log: pytest.LogCaptureFixture) -> bool:
    use(client)
    return f"Triton {server.url} is used for model {MODEL} again" in log.text


def test_a_server_with_wrong_results_is_left_out_until_it_gives_right_ones(
    servers: list[TritonServer], caplog: pytest.LogCaptureFixture
) -> None:
    with (
        closing(opened([servers[0].url, *nowhere(1)], budget_seconds=0.2)) as alone,
        pytest.raises(ModelResultsError, match=f"model {MODEL}: joints_3d is off by"),
    ):
        use(alone)
    with closing(opened([server.url for server in servers], SHORT)) as client:
        before = answered(servers[1])
        for _ in range(REQUESTS):
            use(client)
        until(lambda: answered(servers[1]) - before >= REQUESTS)
        assert not client.checks()[MODEL].passed
        put_right(servers[0])
        until(lambda: used_again(client, servers[0], caplog))
        assert client.checks()[MODEL].passed


def test_requests_are_spread_over_all_servers_each_verified_and_with_its_own_shared_memory(
    servers: list[TritonServer],
) -> None:
    put_right(servers[0])
    before = [answered(server) for server in servers]
    with closing(opened([server.url for server in servers])) as client:
        assert client.verify(MODEL).compared
        until(lambda: min(since(servers, before)) > 0)
        for _ in range(REQUESTS):
            use(client)
        # As many for each to verify it, and half of the others.
        until(lambda: min(since(servers, before)) > REQUESTS // 2 and len(set(since(servers, before))) == 1)
        assert client.failures() == {}
        for server in servers:
            with closing(InferenceServerClient(server.url)) as asked:
                assert asked.get_system_shared_memory_status(as_json=True).get("regions")


def test_a_call_goes_to_the_other_server_when_one_dies_and_comes_back_when_it_is_started_again(
    servers: list[TritonServer], caplog: pytest.LogCaptureFixture
) -> None:
    put_right(servers[0])
    with closing(opened([server.url for server in servers], SHORT)) as client:
        use(client)
        use(client)
        servers[0].kill()
        for _ in range(REQUESTS):
            use(client)
        assert client.failures()[InferenceUnavailableError] >= 1
        assert client.repeated_models()[MODEL] >= 1
        servers[0].start()
        until(lambda: used_again(client, servers[0], caplog))


def test_a_server_that_runs_the_model_elsewhere_is_left_out_and_the_last_one_is_an_error(
    servers: list[TritonServer], caplog: pytest.LogCaptureFixture
) -> None:
    put_right(servers[0])
    wrong = f"runs the models on openvino, got cpu for model {MODEL} on Triton"
    with closing(opened([server.url for server in servers], SHORT, device="openvino")) as client:
        with changed_config(servers[1], MODEL, on_openvino):
            before = answered(servers[0])
            for _ in range(REQUESTS):
                use(client)
            assert client.signature(MODEL).device == "openvino"
            assert f"Triton {servers[0].url} is left out for model {MODEL}: inference.device: " in caplog.text
            assert f"{wrong} {servers[0].url}" in caplog.text
            assert answered(servers[0]) == before
        # Loaded again while the server stayed up: found out at the next look.
        until(lambda: refused(client, wrong))


def refused(client: SeveralServers, message: str) -> bool:
    try:
        use(client)
    except DeviceError as error:
        return message in str(error)
    return False


def test_without_any_server_a_call_fails_when_its_budget_is_spent() -> None:
    with (
        closing(opened(nowhere(2), budget_seconds=0.2)) as client,
        pytest.raises(InferenceUnavailableError, match=f"model {MODEL} on Triton 127.0.0.1:"),
    ):
        use(client)
