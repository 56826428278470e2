"""The full model set at reduced size through the whole pipeline, with the models in the process."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.command_line import CommandLine
from tests.export.full_set.runs import FRAMES, GATES, SAMPLE, Run, track
from tracker_service.errors import ModelNotFoundError, SettingsError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose
from tracker_service.phalp.pose.pose_transformer import TransformerPosePredictor
from tracker_service.pipeline.models.appearance import LearnedAppearance
from tracker_service.pipeline.models.bodies import Bodies, Candidates
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import Settings, load_settings
from tracker_service.types import Detections, Float32, Squares
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.models import models_of
from tracker_service.wiring.run import open_perception
from tracker_service.wiring.tracker import pose_predictor


@pytest.fixture(scope="module")
def run(embedded: Callable[[str], Run]) -> Run:
    return embedded("APL")


@pytest.fixture(scope="module")
def client(repository: Path) -> Iterator[EmbeddedClient]:
    opened = EmbeddedClient(repository, threads=1)
    yield opened
    opened.close()


def settings(repository: Path, **phalp: object) -> Settings:
    gates = {"low_th_c": 0.3, "small_w": 0, "small_h": 0}
    return load_settings({"model_set": "full", "inference": {"repository": repository}, "phalp": {**gates, **phalp}})


def test_full_set_tracks_the_sample(run: Run) -> None:
    assert run.status == 0, run.error
    assert len(run.frames) == FRAMES["APL"]
    assert len({track_id for ids in run.ids for track_id in ids}) >= 2
    embeddings = np.array([row for frame in run.tracks for row in frame["appe"]])
    assert embeddings.shape[1] == 4096
    assert embeddings.std(axis=0).max() > 0


def test_summary_says_what_was_used(run: Run) -> None:
    used = run.summary["settings"]["phalp"]
    assert (used["appearance"], used["pose_predictor"], used["predict"]) == ("model", "transformer", "APL")
    assert used["appearance_scale"] == 1000
    assert run.summary["stages"]["appearance"] > 0
    assert run.summary["stages"]["poses"] > 0


@pytest.fixture(scope="module")
def without_appearance(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("without") / "models"
    shutil.copytree(repository, folder, ignore=shutil.ignore_patterns("appearance*", "pose_predictor"))
    return folder


def test_repository_without_appearance_model_is_one_line_that_offers_colours(
    command_line: CommandLine, without_appearance: Path, tmp_path: Path
) -> None:
    refused = track(command_line, without_appearance, tmp_path / "out", *GATES)
    assert refused.status == 2
    assert len(refused.error.strip().splitlines()) == 1
    assert "appearance/<version>/model.onnx" in refused.error
    assert "phalp.appearance=color" in refused.error
    assert not (tmp_path / "out").exists()


def test_colours_stand_in_for_the_appearance_model(
    command_line: CommandLine, without_appearance: Path, tmp_path: Path
) -> None:
    coloured = track(command_line, without_appearance, tmp_path, *GATES, "phalp.appearance=color")
    assert coloured.status == 0, coloured.error
    assert {len(row) for frame in coloured.tracks for row in frame["appe"]} == {165}
    used = coloured.summary["settings"]["phalp"]
    assert (used["appearance"], used["appearance_scale"], used["pose_predictor"]) == ("color", 1.0, "velocity")


def test_texture_maps_are_compared_where_predict_says_t(embedded: Callable[[str], Run]) -> None:
    textured = embedded("TPL")
    assert textured.status == 0, textured.error
    assert textured.summary["settings"]["phalp"]["predict"] == "TPL"
    assert any(textured.ids)


@pytest.mark.parametrize(
    ("phalp", "message", "error"),
    [
        ({"predict": "TPL", "appearance": "color"}, "expected no T", SettingsError),
        ({"pose_predictor": "linear"}, "'transformer' or 'velocity'", SettingsError),
    ],
)
def test_impossible_combination_is_refused(
    repository: Path, phalp: dict[str, object], message: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=message):
        models_of(settings(repository, **phalp))


@pytest.mark.parametrize(
    ("phalp", "message"),
    [
        ({"predict": "TPL"}, "phalp.predict: expected no T"),
        ({"appearance": "model"}, "phalp.appearance: expected color"),
        ({"pose_predictor": "transformer"}, "phalp.pose_predictor: expected velocity"),
    ],
)
def test_lite_set_has_none_of_these_models(phalp: dict[str, object], message: str) -> None:
    lite = load_settings({"phalp": phalp})
    with pytest.raises(SettingsError, match=message):
        models_of(lite)


def test_pose_transformer_is_used_where_it_was_exported(
    client: EmbeddedClient, repository: Path, without_appearance: Path
) -> None:
    without, lacking = EmbeddedClient(without_appearance), settings(without_appearance, pose_predictor="transformer")
    assert isinstance(pose_predictor(settings(repository), client), TransformerPosePredictor)
    assert isinstance(pose_predictor(settings(repository, pose_predictor="velocity"), client), ConstantVelocityPose)
    assert isinstance(pose_predictor(settings(without_appearance), without), ConstantVelocityPose)
    with pytest.raises(ModelNotFoundError, match=r"phalp\.pose_predictor=transformer: .*pose_predictor"):
        pose_predictor(lacking, without)


def _observed(client: EmbeddedClient, repository: Path, window: int) -> list[FrameObservation]:
    perception = open_perception(settings(repository, predict="TPL"), client, times=StageTimes())
    with open_source(SAMPLE, end=Position(frame=6)) as source:
        frames = list(source)
    parts = [perception.observe(frames[at : at + window]) for at in range(0, len(frames), window)]
    return [seen for part in parts for seen in part]


def test_window_size_does_not_change_appearance_or_bodies(client: EmbeddedClient, repository: Path) -> None:
    alone, together = (_observed(client, repository, window) for window in (1, 4))
    assert sum(len(seen.people) for seen in alone) > 6
    for one, other in zip(alone, together, strict=True):
        assert one.people.uv_maps is not None
        assert other.people.uv_maps is not None
        np.testing.assert_allclose(one.people.pose, other.people.pose, atol=1e-4)
        # Rounding may flip single texels at the rim of what is seen.
        assert (one.people.uv_maps[:, 3] != other.people.uv_maps[:, 3]).mean() < 1e-3
        lengths = np.linalg.norm(one.people.appearance, axis=1)
        assert (np.linalg.norm(one.people.appearance - other.people.appearance, axis=1) < 0.1 * lengths).all()


def _looks(client: EmbeddedClient, masks: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None") -> Float32:
    """Return the texture map of one body in a grey crop under a mask over the left half of the crop."""
    crops = np.full((1, 256, 256, 3), 90, np.uint8)
    square = Squares(np.array([[128, 128]], np.float32), np.array([256], np.float32), np.zeros(1, np.float32))
    boxes = np.array([[0, 0, 128, 256]], np.float32)
    seen = Candidates(crops[0], Detections(boxes, np.ones(1, np.float32), masks), square)
    (estimates,) = BodyRegressor(client, "hmr2", mesh=True).regress(crops, [square], [None])
    (looks,) = LearnedAppearance(client, "appearance", maps=True).describe([seen], [Bodies(square, crops, estimates)])
    assert looks.uv_maps is not None
    uv_map: Float32 = looks.uv_maps[0]
    return uv_map


def test_masks_of_the_detector_decide_what_belongs_to_the_person(client: EmbeddedClient) -> None:
    without, whole, nothing = (
        _looks(client, masks) for masks in (None, np.full((1, 4, 4), 255, np.uint8), np.zeros((1, 4, 4), np.uint8))
    )
    visible = without[3] > 0
    assert visible.any()
    assert not (nothing[3] > 0).any()
    assert 0 < (whole[3] > 0).sum() < visible.sum()  # the box covers the left half only
    assert visible[whole[3] > 0].all()
