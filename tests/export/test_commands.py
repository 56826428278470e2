"""The commands from the authors' files to a verified repository, with reduced and random weights."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from export.body.body_model import BodyModel
from export.commands.body_model import body_model
from export.commands.verify import verify
from export.errors import MissingFileError, UnreadableFileError
from export.families import NAMES, graph_of
from export.graphs.parity import table
from export.graphs.verification import verify_folder
from export.hmr2.checkpoint import load_hmr2
from export.hmr2.graph import served
from export.hmr2.random_checkpoint import write_random_checkpoint
from export.settings import ExportSettings
from export.weights.published import EXTRA_JOINTS
from tests.export.authors_files import HMR2_SIZES, smpl_content
from tests.export.synthetic_body import synthetic_body
from tracker_service.errors import ExportError


def _smpl_file(folder: Path) -> None:
    (folder / "SMPL_NEUTRAL.pkl").write_bytes(pickle.dumps(smpl_content(synthetic_body())))


def _extra_joints_file(folder: Path) -> None:
    content = pickle.dumps(synthetic_body().joint_regressor_extra.astype(np.float64), protocol=5)
    assert EXTRA_JOINTS.size is not None
    (folder / EXTRA_JOINTS.name).write_bytes(content.ljust(EXTRA_JOINTS.size, b"\0"))


def test_body_model_command_writes_the_arrays_of_the_service(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(body_model)
    arguments = ["--weights", str(tmp_path), "--repository", str(tmp_path / "repository")]
    _smpl_file(tmp_path)
    assert isinstance(CliRunner().invoke(app, arguments).exception, MissingFileError)
    (tmp_path / EXTRA_JOINTS.name).write_bytes(b"truncated")
    assert isinstance(CliRunner().invoke(app, arguments).exception, UnreadableFileError)
    assert not (tmp_path / "repository").exists()
    _extra_joints_file(tmp_path)
    assert CliRunner().invoke(app, arguments).exit_code == 0
    body = BodyModel.read(tmp_path / "repository" / "hmr2" / "body_model.npz")
    np.testing.assert_array_equal(body.posedirs, synthetic_body().posedirs)
    other = ["--smpl", str(tmp_path / "SMPL_NEUTRAL.pkl"), "--to", str(tmp_path / "male.npz")]
    assert CliRunner().invoke(app, [*arguments, *other]).exit_code == 0
    np.testing.assert_array_equal(BodyModel.read(tmp_path / "male.npz").v_template, body.v_template)
    assert isinstance(CliRunner().invoke(app, [*arguments, *other[:2]]).exception, ExportError)


def test_random_checkpoint_takes_the_whole_way_to_a_verified_folder(exported_hmr2: ExportSettings) -> None:
    graph = served(load_hmr2(exported_hmr2.weights / "hmr2.ckpt", synthetic_body(), HMR2_SIZES))
    rows = verify_folder(graph, exported_hmr2.repository / "hmr2" / "1", runs=2)
    assert {(row.file, row.batch) for row in rows} == {("model.onnx", 1), ("model.onnx", 3), ("model.onnx", 16)}
    assert len(rows) == 2 * 3 * 7
    assert all(row.passed for row in rows), table(rows)


def test_verification_notices_that_the_weights_are_others(exported_hmr2: ExportSettings, tmp_path: Path) -> None:
    other = write_random_checkpoint(tmp_path / "other.ckpt", HMR2_SIZES, seed=1)
    graph = served(load_hmr2(other, synthetic_body(), HMR2_SIZES))
    rows = verify_folder(graph, exported_hmr2.repository / "hmr2" / "1", batches=(2,))
    assert not all(row.passed for row in rows)


def test_random_network_looks_at_the_picture(tmp_path: Path) -> None:
    model = load_hmr2(write_random_checkpoint(tmp_path / "hmr2.ckpt", HMR2_SIZES), synthetic_body(), HMR2_SIZES)
    black, white = (
        torch.zeros((1, 256, 256, 3), dtype=torch.uint8),
        torch.full((1, 256, 256, 3), 255, dtype=torch.uint8),
    )
    assert float((model(black)[4] - model(white)[4]).abs().max()) > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_model_without_its_files_says_which_is_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingFileError, match="which is not there"):
        graph_of(name, ExportSettings(weights=tmp_path, repository=tmp_path))


def test_unknown_model_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="expected one of hmr2, detector"):
        graph_of("hmr3", ExportSettings(weights=tmp_path, repository=tmp_path))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected an exported model in {}, got none; export it first: python -m export full"),
        (
            ["pose_predictor"],
            "expected pose_predictor in {}, got none; export it first: python -m export pose-predictor",
        ),
        (["hmr3"], "model: expected one of hmr2, "),
    ],
)
def test_verify_with_nothing_exported_says_what_to_export(tmp_path: Path, arguments: list[str], message: str) -> None:
    app = typer.Typer()
    app.command()(verify)
    error = CliRunner().invoke(app, [*arguments, "--repository", str(tmp_path)]).exception
    assert isinstance(error, ExportError)
    assert message.format(tmp_path) in str(error)
