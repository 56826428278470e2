"""HMR2 as a package of AOTInductor: its config, and the ensemble that names its tensors.

The test server is too old for packages: TorchScript stands in for one, with the same counted names.
"""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]

from export.hmr2 import model as hmr2_model
from harness.triton.environment import ServerEnvironment
from harness.triton.repository import MODEL_REPOSITORY, choose_variant, packages, read_config
from harness.triton.scripted import write_script
from harness.triton.server import ServerStartError, TritonServer
from tests.inference.triton.test_options import DOCUMENTED, RELEASES
from tracker_service.inference.triton.client import TritonClient

NAMED = MODEL_REPOSITORY / "hmr2" / "config.pbtxt"
ENSEMBLE = MODEL_REPOSITORY / "hmr2" / "configs" / "pt2.pbtxt"
PACKAGE = MODEL_REPOSITORY / "hmr2_pt2" / "config.pbtxt"


def test_the_ensemble_has_the_tensors_and_batches_of_the_model_that_it_stands_for() -> None:
    named, ensemble = read_config(NAMED), read_config(ENSEMBLE)
    assert list(ensemble.input) == list(named.input)
    assert list(ensemble.output) == list(named.output)
    assert ensemble.max_batch_size == named.max_batch_size == read_config(PACKAGE).max_batch_size


def test_the_ensemble_names_the_counted_tensors_in_the_exporters_order() -> None:
    (step,) = read_config(ENSEMBLE).ensemble_scheduling.step
    assert dict(step.input_map) == {f"INPUT__{place}": name for place, name in enumerate(hmr2_model.INPUT_NAMES)}
    assert dict(step.output_map) == {f"OUTPUT__{place}": name for place, name in enumerate(hmr2_model.OUTPUT_NAMES)}


def test_packages_are_of_a_platform_that_the_pinned_server_documents() -> None:
    platforms = {release: set(DOCUMENTED[release]["platforms"].split()) for release in RELEASES}
    for name in packages():
        assert read_config(MODEL_REPOSITORY / name / "config.pbtxt").platform in platforms[RELEASES[-1]]
    assert packages() == ("hmr2_pt2",)


def test_the_test_server_refuses_a_package_and_says_why(environment: ServerEnvironment, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "hmr2_pt2"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.pt2").touch()
    (folder / "config.pbtxt").write_bytes(PACKAGE.read_bytes())
    server = TritonServer(environment, tmp_path / "models", tmp_path / "log")
    with pytest.raises(ServerStartError, match="failed to load all models"):
        server.start()
    assert "unexpected platform type 'torch_aoti' for hmr2_pt2" in server.log.read_text()


def test_a_client_sees_the_package_as_hmr2(environment: ServerEnvironment, tmp_path: Path) -> None:
    repository = tmp_path / "models"
    stand_in = read_config(PACKAGE)
    stand_in.platform, stand_in.backend = "", "pytorch"
    for name, config in (("hmr2", read_config(NAMED)), ("hmr2_pt2", stand_in)):
        write_script("hmr2", repository / name / "1" / "model.pt")
        (repository / name / "config.pbtxt").write_text(text_format.MessageToString(config))
    (repository / "hmr2" / "configs").mkdir()
    (repository / "hmr2" / "configs" / "pt2.pbtxt").write_bytes(ENSEMBLE.read_bytes())
    choose_variant(repository, "hmr2", "pt2")
    crops = np.random.default_rng(0).integers(0, 255, (3, 256, 256, 3), np.uint8)
    with (
        TritonServer(environment, repository, tmp_path / "log") as server,
        closing(TritonClient(server.url)) as client,
    ):
        answer = client.infer("hmr2", {"crops": crops}, hmr2_model.OUTPUT_NAMES)
        spec, loaded = client.signature("hmr2"), client.loaded("hmr2")
    assert list(spec.outputs) == list(hmr2_model.OUTPUT_NAMES)
    assert loaded.file == "model.pt"
    for name in hmr2_model.OUTPUT_NAMES:
        assert answer[name].shape[1:] == spec.outputs[name].shape
        np.testing.assert_allclose(answer[name].reshape(3, -1)[:, 0], crops.mean(axis=(1, 2, 3)), rtol=1e-4)
