"""Body and appearance in one request: what the ensemble answers, and who uses it."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from harness.triton.repository import MODEL_REPOSITORY, ensembles, read_config
from harness.triton.server import TritonServer
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import Tensor
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.triton.client import TritonClient
from tracker_service.model_sets import FULL, FULL_CAMERAHMR, FULL_TOKENHMR, LITE, ModelChoices
from tracker_service.people.boxes import squares
from tracker_service.pipeline.models.appearance import LearnedAppearance
from tracker_service.pipeline.models.bodies import Candidates, regress_bodies
from tracker_service.pipeline.models.body_with_appearance import BodyWithAppearance
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections
from tracker_service.types.picture import ArrayPicture

ENSEMBLE = "hmr2_appearance"


@pytest.fixture
def client(server: TritonServer) -> Iterator[TritonClient]:
    with closing(TritonClient(server.url)) as running:
        yield running


@pytest.mark.parametrize("model", ["hmr2", "tokenhmr"])
def test_the_ensemble_answers_what_its_models_answer_one_after_the_other(client: TritonClient, model: str) -> None:
    random = np.random.default_rng(0)
    rows = 40  # more than one batch
    crops = random.integers(0, 255, (rows, 256, 256, 3), np.uint8)
    masks = np.where(random.random((rows, 256, 256)) < 0.5, np.uint8(255), np.uint8(0))
    body = client.infer(model, {"crops": crops}, ["vertices", "pred_cam", "joints_3d"])
    inputs: dict[str, Tensor] = {
        "crops": crops,
        "masks": masks,
        "vertices": body["vertices"],
        "pred_cam": body["pred_cam"],
    }
    look = client.infer("appearance", inputs, ["embedding", "uv_map"])
    asked = ["embedding", "uv_map", "pred_cam", "joints_3d"]
    both = client.infer(f"{model}_appearance", {"crops": crops, "masks": masks}, asked)
    for name in ("embedding", "uv_map"):
        np.testing.assert_allclose(both[name], look[name], rtol=1e-5, atol=1e-5)
    for name in ("pred_cam", "joints_3d"):
        np.testing.assert_allclose(both[name], body[name], rtol=1e-5, atol=1e-5)


def test_a_full_set_uses_its_ensemble_where_it_is_served(client: TritonClient) -> None:
    for models in (FULL, FULL_TOKENHMR):
        assert BodyWithAppearance.where_served(client, models, maps=True) is not None
    for models in (LITE, FULL_CAMERAHMR, FULL.chosen(ModelChoices(appearance="color"))):
        assert BodyWithAppearance.where_served(client, models, maps=True) is None


def test_people_are_the_same_in_one_request_and_in_two(client: TritonClient) -> None:
    random = np.random.default_rng(1)
    picture = ArrayPicture(random.integers(0, 255, (240, 320, 3), np.uint8))
    window = []
    for boxes in ([[20, 30, 90, 200], [100, 20, 180, 230]], [], [[150, 40, 300, 220]]):
        some = np.array(boxes, np.float32).reshape(-1, 4)
        masks = random.integers(0, 255, (len(some), 28, 28), np.uint8)
        found = Detections(some, np.ones(len(some), np.float32), masks)
        window.append(Candidates(picture, found, squares(some, margin=1.0, aspect=(192, 256))))

    together = BodyWithAppearance.where_served(client, FULL, maps=True)
    assert together is not None
    bodies, looks = together.describe(window, StageTimes())
    regressor, learned = BodyRegressor(client, "hmr2", mesh=True), LearnedAppearance(client, "appearance", maps=True)
    expected = regress_bodies(window, regressor, align=False, times=StageTimes())
    for frame, own, look, other in zip(expected, bodies, looks, learned.describe(window, expected), strict=True):
        assert len(own.estimates.joints_3d) == len(frame.estimates.joints_3d) == len(look.embedding)
        np.testing.assert_array_equal(own.crops, frame.crops)
        np.testing.assert_allclose(own.estimates.joints_3d, frame.estimates.joints_3d, atol=1e-5)
        np.testing.assert_allclose(own.estimates.crop_cameras, frame.estimates.crop_cameras, atol=1e-5)
        np.testing.assert_allclose(look.embedding, other.embedding, atol=1e-4)
        assert look.uv_maps is not None
        assert other.uv_maps is not None
        np.testing.assert_array_equal(look.uv_maps, other.uv_maps)


def test_models_in_the_process_run_one_after_the_other() -> None:
    with closing(EmbeddedClient(MODEL_REPOSITORY)) as embedded:
        with pytest.raises(ModelNotFoundError):
            embedded.signature(ENSEMBLE)
        assert BodyWithAppearance.where_served(embedded, FULL, maps=False) is None


@pytest.mark.parametrize("file", ["config.pbtxt", "configs/small.pbtxt"])
@pytest.mark.parametrize("ensemble", ensembles())
def test_an_ensemble_has_the_tensors_and_batches_of_its_models(ensemble: str, file: str) -> None:
    config = read_config(MODEL_REPOSITORY / ensemble / file)
    parts = [read_config(MODEL_REPOSITORY / step.model_name / file) for step in config.ensemble_scheduling.step]
    assert {part.max_batch_size for part in parts} == {config.max_batch_size}
    known = {
        entry.name: (entry.data_type, tuple(entry.dims)) for part in parts for entry in (*part.input, *part.output)
    }
    for entry in (*config.input, *config.output):
        assert known[entry.name] == (entry.data_type, tuple(entry.dims))
    for step, part in zip(config.ensemble_scheduling.step, parts, strict=True):
        assert set(step.input_map) == {entry.name for entry in part.input}
        assert set(step.output_map) <= {entry.name for entry in part.output}
