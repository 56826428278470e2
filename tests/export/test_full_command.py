"""`python -m export full`: what is exported again, what is left alone, and what it says when weights are missing."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from export.__main__ import app
from export.commands.full import gather, models_of
from export.errors import MissingFileError
from export.families import ALL_NAMES, NAMES, tensor_names
from export.graphs.choices import Precision
from export.graphs.freshness import why_stale
from export.settings import ExportSettings
from export.weights.published import FILES, SMPL, WeightFile
from tracker_service.errors import ExportError
from tracker_service.model_sets import FULL_CAMERAHMR


def test_whole_model_of_the_same_weights_is_left_alone(exported_hmr2: ExportSettings) -> None:
    assert why_stale("hmr2", exported_hmr2, Precision.FP32) is None


def test_weights_that_were_put_away_do_not_make_a_model_stale(exported_hmr2: ExportSettings, tmp_path: Path) -> None:
    elsewhere = ExportSettings(weights=tmp_path, repository=exported_hmr2.repository)
    assert why_stale("hmr2", elsewhere, Precision.FP32) is None


def test_other_precision_is_exported_again(exported_hmr2: ExportSettings) -> None:
    assert why_stale("hmr2", exported_hmr2, Precision.FP16) == "exported as fp32, wanted fp16"


@pytest.mark.parametrize(
    ("kind", "had", "reason"),
    [
        ("inputs", {"pictures": [256, 256, 3]}, "exported with the inputs pictures, wanted crops"),
        ("outputs", ["betas"], "exported with the outputs betas, wanted global_orient, body_pose"),
    ],
)
def test_model_with_other_tensors_than_today_is_exported_again(
    exported_hmr2: ExportSettings, kind: str, had: object, reason: str
) -> None:
    path = exported_hmr2.repository / "hmr2" / "1" / "export.json"
    whole = path.read_text()
    record = json.loads(whole)
    record["model.onnx"][kind] = had
    try:
        path.write_text(json.dumps(record))
        assert (why_stale("hmr2", exported_hmr2, Precision.FP32) or "").startswith(reason)
    finally:
        path.write_text(whole)


def test_every_model_of_the_families_names_its_tensors() -> None:
    assert all(inputs and outputs for inputs, outputs in map(tensor_names, ALL_NAMES))


def test_model_that_was_never_exported_is_exported(exported_hmr2: ExportSettings) -> None:
    assert why_stale("detector", exported_hmr2, Precision.FP32) == "not exported yet"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("models/hmr2/1/model.onnx", "model.onnx is missing or damaged"),
        ("weights/hmr2.ckpt", "made from another hmr2.ckpt"),
        ("models/hmr2/body_model.npz", "made from another body_model.npz"),
    ],
)
def test_changed_file_makes_a_model_stale(exported_hmr2: ExportSettings, path: str, reason: str) -> None:
    file = exported_hmr2.repository.parent / path
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-1] + b"x")
        assert why_stale("hmr2", exported_hmr2, Precision.FP32) == reason
    finally:
        file.write_bytes(whole)


def test_record_names_the_weights_that_the_model_was_made_from(exported_hmr2: ExportSettings) -> None:
    record = json.loads((exported_hmr2.repository / "hmr2" / "1" / "export.json").read_text())
    assert set(record["model.onnx"]["sources"]) == {"hmr2.ckpt", "body_model.npz"}


def test_files_are_found_below_the_weights_folder_under_their_other_names(tmp_path: Path) -> None:
    placed = tmp_path / "smplify" / "code" / SMPL.aliases[0]
    placed.parent.mkdir(parents=True)
    placed.write_bytes(b"a body")
    gather(tmp_path, download=False)
    assert (tmp_path / SMPL.name).read_bytes() == b"a body"


def test_only_what_may_be_downloaded_and_is_missing_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "mean_std.npy").write_bytes(b"there")
    asked: list[str] = []

    def get(file: WeightFile, folder: Path) -> Path:
        asked.append(file.name)
        return folder

    gather(tmp_path, download=True, get=get)
    assert asked == [file.name for file in FILES if file.urls and file.name != "mean_std.npy"]


def test_missing_weights_are_named_all_at_once(tmp_path: Path) -> None:
    arguments = ["full", "--weights", str(tmp_path / "w"), "--repository", str(tmp_path / "r")]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, MissingFileError)
    assert all(name in str(error) for name in ("hmr2.ckpt", "SMPL_NEUTRAL.pkl", "hmar_v2_weights.pth", "register at"))
    assert "pose_predictor" not in str(error)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("model_set", "needed", "unneeded"),
    [("full-tokenhmr", "tokenhmr.ckpt, tokenizer.pth", "camerahmr"), ("full-camerahmr", "camerahmr.ckpt", "tokenhmr")],
)
def test_another_set_needs_the_weights_of_its_own_body_model(
    tmp_path: Path, model_set: str, needed: str, unneeded: str
) -> None:
    arguments = ["full", "--model-set", model_set, "--weights", str(tmp_path / "w"), "--repository", str(tmp_path)]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, MissingFileError)
    assert f"{needed}; --download" in str(error)
    assert unneeded not in str(error)
    assert "hmr2.ckpt" not in str(error)


def test_a_set_that_needs_no_export_is_refused_with_those_that_do(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["full", "--model-set", "lite", "--weights", str(tmp_path)]).exception
    assert isinstance(error, ExportError)
    assert str(error) == "--model-set: expected one of full, full-tokenhmr, full-camerahmr, got 'lite'"


def test_the_field_of_view_goes_with_camerahmr_where_its_weights_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ExportSettings(weights=tmp_path)
    assert "vfov" not in dict(models_of(settings, Precision.FP16, FULL_CAMERAHMR))
    assert "vfov: no weights, focal lengths must be given" in capsys.readouterr().out
    (tmp_path / "cam_model.ckpt").write_bytes(b"there")
    models = dict(models_of(settings, Precision.FP16, FULL_CAMERAHMR))
    assert (models["camerahmr"], models["vfov"]) == (Precision.FP16, Precision.FP32)
    assert "hmr2" not in models


def test_fp32_is_refused_for_tensorrt_before_anything_is_exported(tmp_path: Path) -> None:
    arguments = ["full", "--precision", "fp32", "--for-config", "tensorrt", "--weights", str(tmp_path / "w")]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, ExportError)
    assert "expected --precision fp16 for the config variant tensorrt, got fp32" in str(error)
    assert "2 GB" in str(error)
    assert not (tmp_path / "w").exists()


def test_one_precision_reaches_every_model_of_the_set(tmp_path: Path) -> None:
    settings = ExportSettings(weights=tmp_path)
    for name in ("pose_predictor.pth", "pose_predictor.yaml", "mean_std.npy"):
        (tmp_path / name).write_bytes(b"there")
    models = dict(models_of(settings, Precision.FP16))
    assert set(models) == set(NAMES)
    assert set(models.values()) == {Precision.FP16}
