"""Models that are compared with their export before they are used."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest

from harness.triton.broken_graphs import not_a_number, reordered, tf32_products
from tests.inference.verification.conftest import MODEL
from tracker_service.errors import InferenceUnavailableError, ModelResultsError
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.model_repository import default_repository
from tracker_service.inference.verification.golden import FILE
from tracker_service.inference.verification.loaded import LoadedModel
from tracker_service.inference.verification.verified_client import VerifiedClient
from tracker_service.settings import load_settings
from tracker_service.wiring.models import open_client

CROPS = {"crops": np.zeros((1, 256, 256, 3), np.uint8)}
FOR_EVER = 1e9


@pytest.fixture(scope="module")
def lite() -> Iterator[VerifiedClient]:
    with closing(VerifiedClient(EmbeddedClient(default_repository()), default_repository(), FOR_EVER)) as client:
        yield client


def break_model(repository: Path, breaking: Callable[[onnx.ModelProto], onnx.ModelProto]) -> None:
    path = repository / MODEL / "1" / "model.onnx"
    onnx.save(breaking(onnx.load(path)), path)


@pytest.mark.parametrize("model", ["detector_lite", "person_finder", "hmr_lite"])
def test_the_committed_models_give_what_their_export_gave(lite: VerifiedClient, model: str) -> None:
    check = lite.verify(model)
    assert check.compared
    assert check.passed
    assert {output.output for output in check.outputs} == set(lite.signature(model).outputs)
    assert max(output.ratio for output in check.outputs) < 0.5


@pytest.mark.parametrize(
    ("breaking", "message"),
    [
        (lambda model: reordered(model, "joints_3d", range(43, -1, -1), 1), r"joints_3d is off by \S+ mm on average"),
        (
            lambda model: not_a_number(model, "pred_cam"),
            r"pred_cam is off by inf abs .* \(limits 0\.0001 and 0\.0001\)",
        ),
        (tf32_products, r"vertices is off by \S+ mm"),
    ],
)
def test_a_broken_model_is_not_used(
    repository: Path, breaking: Callable[[onnx.ModelProto], onnx.ModelProto], message: str
) -> None:
    break_model(repository, breaking)
    with closing(VerifiedClient(EmbeddedClient(repository), repository, FOR_EVER)) as client:
        with pytest.raises(ModelResultsError, match=f"model {MODEL}: .*{message}"):
            client.infer(MODEL, CROPS, ["betas"])
        assert not client.checks()[MODEL].passed


def test_a_model_without_a_golden_batch_is_used_and_not_verified(repository: Path) -> None:
    (repository / MODEL / "1" / FILE).unlink()
    break_model(repository, lambda model: not_a_number(model, "pred_cam"))
    with closing(VerifiedClient(EmbeddedClient(repository), repository, FOR_EVER)) as client:
        assert client.infer(MODEL, CROPS, ["betas"])["betas"].shape == (1, 10)
        assert not client.checks()[MODEL].compared


@pytest.mark.parametrize("verify", [True, False])
def test_the_settings_choose_whether_models_are_compared(repository: Path, verify: bool) -> None:
    break_model(repository, lambda model: not_a_number(model, "pred_cam"))
    settings = load_settings({"inference": {"repository": repository, "verify": verify}})
    with closing(open_client(settings)) as client:
        try:
            client.infer(MODEL, CROPS, ["betas"])
        except ModelResultsError:
            assert verify
        else:
            assert not verify


@dataclass
class Server:
    """Real models in this process, of which a test says when they were loaded again and which of them runs."""

    right: InferenceClient
    wrong: InferenceClient
    broken: bool = False
    requests: int = 0
    interruptions: int = 0
    away: bool = False
    golden_runs: int = 0

    def signature(self, model: str) -> ModelSpec:
        return self.right.signature(model)

    def loaded(self, model: str) -> LoadedModel:
        if self.away:
            raise InferenceUnavailableError(f"{model} is away")
        return LoadedModel("1", "model.onnx", b"", self.requests)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        self.requests += 1
        self.golden_runs += len(outputs) > 1
        return (self.wrong if self.broken else self.right).infer(model, inputs, outputs)

    def reload(self, *, broken: bool) -> None:
        self.requests, self.broken = 0, broken

    def close(self) -> None:
        self.right.close()
        self.wrong.close()


@pytest.fixture
def server(repository: Path) -> Iterator[Server]:
    break_model(repository, lambda model: reordered(model, "joints_3d", range(43, -1, -1), 1))
    with closing(Server(EmbeddedClient(default_repository()), EmbeddedClient(repository))) as running:
        yield running


def use(client: VerifiedClient) -> None:
    client.infer(MODEL, CROPS, ["betas"])


def test_a_model_that_was_loaded_again_is_compared_again(server: Server, repository: Path) -> None:
    client = VerifiedClient(server, repository, seconds=0)
    use(client)
    use(client)
    assert server.golden_runs == 1
    server.reload(broken=False)
    use(client)
    assert server.golden_runs == 2
    server.reload(broken=True)
    with pytest.raises(ModelResultsError):
        use(client)
    server.reload(broken=False)
    use(client)


def test_a_look_is_taken_only_when_it_is_time(server: Server, repository: Path) -> None:
    client = VerifiedClient(server, repository, FOR_EVER)
    use(client)
    server.reload(broken=True)
    use(client)
    assert server.golden_runs == 1


def test_after_an_interruption_a_model_is_compared_at_once(server: Server, repository: Path) -> None:
    client = VerifiedClient(server, repository, FOR_EVER)
    use(client)
    server.broken = True
    server.interruptions += 1
    with pytest.raises(ModelResultsError):
        use(client)


def test_a_server_that_is_away_is_not_a_wrong_model(server: Server, repository: Path) -> None:
    client = VerifiedClient(server, repository, FOR_EVER)
    server.away = True
    with pytest.raises(InferenceUnavailableError, match="is away"):
        use(client)
    server.away = False
    use(client)


def test_in_the_place_of_an_ensemble_its_parts_are_compared(server: Server, repository: Path) -> None:
    client = VerifiedClient(server, repository, FOR_EVER, parts={"ensemble": (MODEL,)})
    server.broken = True
    with pytest.raises(ModelResultsError, match=f"{MODEL}.*joints_3d"):
        client.infer("ensemble", CROPS, ["betas"])
    assert set(client.checks()) == {MODEL}
