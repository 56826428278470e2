"""What docs/models.md's commands exported: golden numbers, and the library that the detector comes from."""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from typer.testing import CliRunner

from export.__main__ import app
from export.graphs.placement import read_nodes, releases, unplaced
from tests.export.full_set.conftest import FullSet
from tests.export.golden import golden, golden_poses, golden_weights
from tests.export.tiny_detector import compared
from tracker_service.inference.embedded import EmbeddedClient

POSES = "pose_predictor"


def test_the_detector_agrees_with_the_library(full_set: FullSet) -> None:
    record = json.loads((full_set.repository / "detector" / "1" / "export.json").read_text())
    assert record["model.onnx"]["on_cpu"] == []
    comparison = compared(full_set.repository, str(full_set.weights / "detector"))
    np.testing.assert_allclose(comparison.scores, comparison.library_scores, atol=1e-5)
    assert comparison.distances.max() < 1e-3


def test_the_pose_predictor_gives_the_golden_poses_whatever_the_length_of_the_histories(full_set: FullSet) -> None:
    graph = read_nodes(full_set.repository / POSES / "1" / "model.onnx")
    assert [str(node) for release in releases() for node in unplaced(graph, release)] == []
    client = EmbeddedClient(full_set.repository, threads=1)
    poses, frames, target = golden_poses()
    got = client.infer(POSES, {"poses": poses, "frames": frames, "target": target}, ["pose"])["pose"]
    short = {"poses": poses[:1, -1:], "frames": frames[:1, -1:], "target": target[:1]}
    one = client.infer(POSES, short, ["pose"])["pose"]
    client.close()
    assert np.isfinite(one).all()
    np.testing.assert_allclose(got, golden(POSES)["predicted_per_track"], atol=5e-4)


def test_verify_writes_its_table_and_refuses_other_weights(full_set: FullSet, tmp_path: Path) -> None:
    for name in ("pose_predictor.yaml", "mean_std.npy"):
        shutil.copy(full_set.weights / name, tmp_path)
    weights = golden_weights(POSES)
    options = ["--repository", str(full_set.repository), "--json", str(tmp_path / "table.json")]
    torch.save({"state_dict": weights}, tmp_path / "pose_predictor.pth")
    verified = CliRunner().invoke(app, ["verify", POSES, "--weights", str(tmp_path), *options])
    assert verified.exit_code == 0, verified.output
    assert POSES in verified.output
    assert all(row["passed"] for row in json.loads((tmp_path / "table.json").read_text()))
    weights["encoder.loca_head.0.4.bias"] += 1
    torch.save({"state_dict": weights}, tmp_path / "pose_predictor.pth")
    assert CliRunner().invoke(app, ["verify", POSES, "--weights", str(tmp_path), *options]).exit_code == 1
