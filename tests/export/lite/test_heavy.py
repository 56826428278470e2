"""The lite set with BlazePose heavy, whose model is built by a command and not in the repository."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from export.lite.hmr.build import HEAVY, TOLERANCE, parity
from export.lite.hmr.tables import BodyTables
from tests.export.lite.graphs import Graph
from tracker_service.api.startup.needed_models import check_models
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.model_sets import LITE, LITE_HEAVY
from tracker_service.pipeline.models.regression import BodyRegressor

REPOSITORY = Path(__file__).resolve().parents[3] / "model_repository"
MODEL = REPOSITORY / HEAVY.model / "1" / "model.onnx"
COMMAND = "python -m export lite --variant heavy"


@pytest.fixture(scope="module")
def heavy() -> onnx.ModelProto:
    if not MODEL.is_file():
        pytest.skip(f"{MODEL} is not there; `{COMMAND}` builds it")
    return onnx.load(MODEL)


def test_the_set_differs_from_lite_only_in_its_body_model() -> None:
    own = {"name", "model_version", "hmr", "hmr_command"}
    same = [name for name in LITE.__slots__ if getattr(LITE, name) == getattr(LITE_HEAVY, name)]
    assert set(LITE.__slots__) - set(same) == own
    assert LITE_HEAVY.hmr == HEAVY.model


def test_an_absent_model_names_the_command_that_builds_it(tmp_path: Path) -> None:
    (tmp_path / "detector_lite" / "1").mkdir(parents=True)
    (tmp_path / "detector_lite" / "1" / "model.onnx").write_bytes(
        (REPOSITORY / "detector_lite" / "1" / "model.onnx").read_bytes()
    )
    with pytest.raises(ModelNotFoundError, match=f"hmr_lite_heavy.*`{COMMAND}` builds it"):
        BodyRegressor(EmbeddedClient(tmp_path, threads=1), LITE_HEAVY.hmr, command=LITE_HEAVY.hmr_command)
    with pytest.raises(ModelNotFoundError, match=f"hmr_lite_heavy.*`{COMMAND}` builds it"):
        check_models(InferenceParameters(repository=tmp_path), LITE_HEAVY)


def test_the_body_follows_the_landmarks_as_the_numpy_version_does(
    heavy: onnx.ModelProto, tables: BodyTables, people: NDArray[np.uint8]
) -> None:
    assert parity(heavy, tables, people[:1]) <= TOLERANCE


def test_it_sees_the_person_that_full_sees(
    heavy: onnx.ModelProto, hmr_file: onnx.ModelProto, people: NDArray[np.uint8]
) -> None:
    large, small = (Graph(model)(crops=people[:1]) for model in (heavy, hmr_file))
    assert {name: value.shape for name, value in large.items()} == {name: value.shape for name, value in small.items()}
    assert large["presence"][0, 0] > 0.9
    np.testing.assert_allclose(large["pred_cam"], small["pred_cam"], atol=0.1)
    assert np.linalg.norm(large["joints_3d"] - small["joints_3d"], axis=2).mean() < 0.15
