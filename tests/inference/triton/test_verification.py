"""Models of a real server against their golden batches: right ones, ones broken on purpose, and those loaded again."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import onnx
import pytest
from tritonclient.grpc import InferenceServerClient
from typer.testing import CliRunner

from export.__main__ import app
from export.graphs.choices import Precision
from export.graphs.model_version import write_version
from export.hmr2.sizes import Hmr2Sizes
from harness.graphs.reduced_hmr2 import reduced_hmr2
from harness.running_service import RunningService
from harness.triton.broken_graphs import BROKEN_HMR, reordered
from harness.triton.changed_config import changed_config, on_an_unknown_device
from harness.triton.repository import LITE_MODELS, MODEL_REPOSITORY
from harness.triton.server import TritonServer
from harness.waiting import until
from tests.api.pictures import sample_jpegs
from tracker_service.body.model import BodyModel
from tracker_service.errors import ModelResultsError
from tracker_service.inference.triton.client import TritonClient
from tracker_service.inference.verification.verified_client import VerifiedClient

SIZES = Hmr2Sizes(64, 1, 4, 64, 1, 4, 16, 64)
IMAGE = {"Content-Type": "image/jpeg"}


@contextmanager
def served(server: TritonServer, model: str, source: Path) -> Iterator[Path]:
    """Serve another version folder in a model's place; yields its file."""
    folder, kept = server.repository / model / "1", server.repository / model / "kept"
    folder.rename(kept)
    shutil.copytree(source, folder)
    try:
        load(server, model)
        yield folder / "model.onnx"
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
        load(server, model)


def load(server: TritonServer, model: str) -> None:
    with closing(InferenceServerClient(server.url)) as client:
        client.load_model(model)


def load_broken(
    server: TritonServer, model: str, repository: Path, breaking: Callable[[onnx.ModelProto], onnx.ModelProto]
) -> None:
    file = Path(model, "1", "model.onnx")
    onnx.save(breaking(onnx.load(repository / file)), server.repository / file)
    load(server, model)


def reversed_joints(model: onnx.ModelProto) -> onnx.ModelProto:
    return reordered(model, "joints_3d", range(43, -1, -1), 1)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a reduced HMR2 in FP16, its golden batch and its body."""
    folder = tmp_path_factory.mktemp("half")
    body = folder / "hmr2" / "body_model.npz"
    body.parent.mkdir()
    graph = reduced_hmr2(SIZES, body)
    write_version(graph, folder, precision=Precision.FP16)
    return folder


@pytest.fixture(scope="module")
def hmr2(server: TritonServer, half: Path) -> Iterator[Path]:
    with served(server, "hmr2", half / "hmr2" / "1") as path:
        yield path


@pytest.fixture
def client(server: TritonServer, half: Path) -> Iterator[VerifiedClient]:
    surface = BodyModel.load(half / "hmr2" / "body_model.npz").vertices_of
    with closing(VerifiedClient(TritonClient(server.url), half, seconds=0, surfaces={"hmr2": surface})) as client:
        yield client


def test_a_right_graph_in_half_precision_passes(hmr2: Path, client: VerifiedClient) -> None:
    assert hmr2.is_file()
    check = client.verify("hmr2")
    assert (check.compared, check.precision) == (True, "fp16")
    assert max(output.ratio for output in check.outputs) < 0.5


@pytest.mark.parametrize("name", BROKEN_HMR)
def test_a_graph_broken_on_purpose_is_refused(
    server: TritonServer, hmr2: Path, half: Path, client: VerifiedClient, name: str
) -> None:
    assert hmr2.is_file()
    load_broken(server, "hmr2", half, BROKEN_HMR[name])
    with pytest.raises(ModelResultsError, match=r"model hmr2: .* is off by"):
        client.verify("hmr2")


def verify(server: TritonServer, *options: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["verify", "--server", server.url, *options])
    return done.exit_code, [line for line in done.output.splitlines() if line.endswith(("ok", "FAIL"))]


def test_the_command_compares_every_served_model_that_has_a_golden_batch(server: TritonServer) -> None:
    status, lines = verify(server, "--repository", str(MODEL_REPOSITORY))
    assert status == 0
    assert {line.split()[0] for line in lines} >= set(LITE_MODELS)
    assert all(line.endswith("ok") for line in lines)


def test_the_service_refuses_frames_while_a_model_is_wrong(server: TritonServer, tmp_path: Path) -> None:
    jpeg = sample_jpegs(1)[0]
    triton = ("inference.kind=triton", f"inference.triton_url={server.url}", "inference.verify_seconds=0.2")
    with RunningService(tmp_path, *triton, forked=True) as service:
        assert service.get("/health").json()["results"] == dict.fromkeys(LITE_MODELS, "verified")
        with served(server, "hmr_lite", MODEL_REPOSITORY / "hmr_lite" / "1"):
            load_broken(server, "hmr_lite", MODEL_REPOSITORY, reversed_joints)
            until(lambda: service.get("/readyz").json()["status"] == "wrong_results")
            told = service.get("/readyz")
            assert told.status_code == 503
            assert "model hmr_lite: joints_3d is off by" in told.json()["error"]
            answer = service.post("/pose/hybrid", content=jpeg, headers=IMAGE)
            assert answer.status_code == 503
            assert "model hmr_lite: joints_3d is off by" in answer.json()["error"]
            assert "Retry-After" in answer.headers
            assert service.get("/health").json()["results"]["hmr_lite"] == "wrong"
            assert service.metric("phalp_model_deviation_ratio", model="hmr_lite", output="joints_3d") > 1
            assert service.metric("phalp_model_verified", model="hmr_lite") == 0
            assert len(service.log_lines("wrong results: model hmr_lite")) == 1
            status, lines = verify(server, "hmr_lite", "--repository", str(MODEL_REPOSITORY))
            assert status == 1
            assert [line.split()[2] for line in lines if line.endswith("FAIL")] == ["joints_3d"]
        until(lambda: service.get("/readyz").status_code == 200)
        assert service.post("/pose/hybrid", content=jpeg, headers=IMAGE).status_code == 200


def test_the_service_is_not_ready_while_a_model_runs_on_another_device(server: TritonServer, tmp_path: Path) -> None:
    triton = ("inference.kind=triton", f"inference.triton_url={server.url}", "inference.verify_seconds=0.2")
    with RunningService(tmp_path, *triton, "inference.device=cpu", forked=True) as service:
        assert service.get("/health").json()["runs_on"] == dict.fromkeys(LITE_MODELS, "cpu")
        with changed_config(server, "hmr_lite", on_an_unknown_device):
            until(lambda: service.get("/readyz").status_code == 503)
            (line, *_) = service.log_lines("models not ready: inference.device: ")
            assert "runs the models on cpu, got a device that the server does not tell for model hmr_lite" in str(line)
        until(lambda: service.get("/readyz").status_code == 200)
