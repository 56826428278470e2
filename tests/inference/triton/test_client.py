"""The client against a real server: same answers as the embedded models, same errors for wrong tensors."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from harness.triton.repository import MODEL_REPOSITORY, read_config, served_models
from harness.triton.server import TritonServer
from harness.waiting import until
from tests.inference.triton.tensors import random_inputs
from tracker_service.api.http.errors import status_of
from tracker_service.errors import (
    DeviceError,
    InferenceUnavailableError,
    ModelContractError,
    ModelNotFoundError,
    PhalpTritonError,
    SettingsError,
)
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.device_parameters import DeviceChoice
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient
from tracker_service.settings import load_settings
from tracker_service.wiring.models import open_client


@pytest.fixture(scope="module", params=[True, False], ids=["shared memory", "gRPC only"])
def client(server: TritonServer, request: pytest.FixtureRequest) -> Iterator[TritonClient]:
    client = TritonClient(server.url, InferenceParameters(shared_memory=request.param))
    yield client
    assert client.uses_shared_memory == request.param
    client.close()


@pytest.fixture(scope="module")
def embedded(server: TritonServer) -> Iterator[EmbeddedClient]:
    client = EmbeddedClient(server.repository, threads=1)
    yield client
    client.close()


@pytest.mark.parametrize("model", served_models())
def test_every_model_answers_as_the_embedded_one(client: TritonClient, embedded: EmbeddedClient, model: str) -> None:
    inputs = random_inputs(client.signature(model), 3)
    outputs = sorted(client.signature(model).outputs)
    expected = embedded.infer(model, inputs, outputs)
    answer = client.infer(model, inputs, outputs)
    assert sorted(answer) == outputs
    for name in outputs:
        assert answer[name].dtype == expected[name].dtype
        np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", served_models())
def test_signature_is_the_graphs_own(client: TritonClient, embedded: EmbeddedClient, model: str) -> None:
    served, graph = client.signature(model), embedded.signature(model)
    assert served.inputs == graph.inputs
    assert served.outputs.items() <= graph.outputs.items()
    assert served.max_batch_size == read_config(MODEL_REPOSITORY / model / "config.pbtxt").max_batch_size


@pytest.mark.parametrize("rows", [1, 32, 33, 70])
def test_batches_above_the_models_largest_are_split_and_joined_in_order(
    client: TritonClient, embedded: EmbeddedClient, rows: int
) -> None:
    inputs = random_inputs(client.signature("hmr2"), rows)
    answer = client.infer("hmr2", inputs, ["betas", "joints_3d"])
    expected = embedded.infer("hmr2", inputs, ["betas", "joints_3d"])
    np.testing.assert_allclose(answer["betas"], expected["betas"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(answer["joints_3d"], expected["joints_3d"], rtol=1e-5, atol=1e-5)


def test_no_rows_give_empty_outputs(client: TritonClient) -> None:
    answer = client.infer("hmr2", random_inputs(client.signature("hmr2"), 0), ["body_pose"])
    assert answer["body_pose"].shape == (0, 23, 3, 3)


def test_answers_can_be_written_to(client: TritonClient) -> None:
    client.infer("hmr2", random_inputs(client.signature("hmr2"), 2), ["betas"])["betas"][:] = 0


def test_many_threads_get_their_own_answers(client: TritonClient, embedded: EmbeddedClient) -> None:
    batches = [random_inputs(client.signature("hmr2"), 1 + seed % 5, seed) for seed in range(24)]

    def run(target: InferenceClient) -> list[np.ndarray]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda inputs: target.infer("hmr2", inputs, ["betas"])["betas"], batches))

    for answer, expected in zip(run(client), run(embedded), strict=True):
        np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)


def test_requests_of_two_clients_share_a_batch(server: TritonServer) -> None:
    def executed() -> tuple[int, int]:
        entry = json.loads(server.get("/v2/models/hmr2/stats")[1])["model_stats"][0]
        return entry["inference_count"], entry["execution_count"]

    clients = [TritonClient(server.url, InferenceParameters(max_in_flight=8)) for _ in range(2)]
    inputs = random_inputs(clients[0].signature("hmr2"), 2)

    def some_were_merged() -> bool:
        before = executed()
        list(pool.map(lambda i: clients[i % 2].infer("hmr2", inputs, ["vertices"]), range(64)))
        rows, executions = (after - earlier for after, earlier in zip(executed(), before, strict=True))
        assert rows == 128
        return executions < 64

    try:
        with ThreadPoolExecutor(16) as pool:
            until(some_were_merged)  # on a busy machine, 64 requests may come one after the other
    finally:
        for client in clients:
            client.close()


def test_closing_ends_running_calls_with_our_error(server: TritonServer) -> None:
    client = TritonClient(server.url)
    inputs = random_inputs(client.signature("hmr2"), 32)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while True:
                client.infer("hmr2", inputs, ["vertices"])
        except PhalpTritonError as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    client.close()
    client.close()
    for thread in threads:
        thread.join(20)
    assert [type(error) for error in errors] == [InferenceUnavailableError] * 3
    with pytest.raises(InferenceUnavailableError, match="closed"):
        client.infer("hmr2", inputs, ["vertices"])


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({}, ["betas"], r"expected inputs \['crops'\], got \[\]"),
        ({"crop": np.zeros((1, 256, 256, 3), np.uint8)}, ["betas"], r"got \['crop'\]"),
        ({"crops": np.zeros((1, 256, 256, 3), np.float32)}, ["betas"], r"input crops: expected uint8 .* got float32"),
        ({"crops": np.zeros((1, 256, 192, 3), np.uint8)}, ["betas"], r"\[N,256,256,3\], got uint8 \[N,256,192,3\]"),
        ({"crops": np.zeros((1, 256, 256, 3), np.uint8)}, ["beta"], r"got \['beta'\]"),
    ],
)
def test_wrong_tensors_are_named(
    client: TritonClient, inputs: dict[str, np.ndarray], outputs: list[str], message: str
) -> None:
    with pytest.raises(ModelContractError, match=message):
        client.infer("hmr2", inputs, outputs)


def test_unknown_model_error_lists_what_is_served(client: TritonClient) -> None:
    with pytest.raises(ModelNotFoundError, match=r"model hmr3 .*it serves: appearance \(version 1\), .*hmr2"):
        client.signature("hmr3")


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("model", ["hmr2", "hmr2_appearance"])
def test_the_device_of_the_server_is_accepted(server: TritonServer, model: str, device: DeviceChoice) -> None:
    with closing(TritonClient(server.url, InferenceParameters(device=device))) as client:
        spec = client.signature(model)
        assert spec.device == "cpu"
        assert len(client.infer(model, random_inputs(spec, 1), sorted(spec.outputs))["betas"]) == 1


@pytest.mark.parametrize("model", ["hmr2", "hmr2_appearance"])
def test_another_device_than_the_servers_is_refused_by_every_call(server: TritonServer, model: str) -> None:
    settings = load_settings({"inference": {"kind": "triton", "triton_url": server.url, "device": "cuda"}})
    calls: list[Callable[[InferenceClient], object]] = [
        lambda client: client.signature(model),
        lambda client: client.infer(model, {}, ["betas"]),
    ]
    for call in calls:
        wording = f"runs the models on cuda, got cpu for model {model} on Triton {server.url}"
        with closing(open_client(settings)) as client, pytest.raises(DeviceError, match=wording) as refused:
            call(client)
        assert status_of(refused.value).status == 503


def test_the_http_port_gives_an_inference_error(server: TritonServer) -> None:
    client = TritonClient(f"127.0.0.1:{server.ports.http}", InferenceParameters(budget_seconds=0.5))
    try:
        with pytest.raises(InferenceUnavailableError, match="hmr2"):
            client.signature("hmr2")
    finally:
        client.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost", "expected host:port"),
        ("http://localhost:8000", "expected host:port"),
        ("localhost:port", "expected host:port"),
        (":8001", "expected host:port"),
        ("localhost:99999", "expected host:port"),
    ],
)
def test_wrong_address(url: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        TritonClient(url)


def test_wrong_number_of_requests() -> None:
    with pytest.raises(SettingsError, match="max_in_flight: expected a number >= 1, got 0"):
        InferenceParameters(max_in_flight=0)
