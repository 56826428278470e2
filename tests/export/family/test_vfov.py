"""FLNet: the published network by its counts, a reduced one from checkpoint to graph."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.errors import TensorShapeError, UnknownFamilyError
from export.graphs.choices import Format
from export.graphs.model_version import read_record, write_version
from export.graphs.parity import table
from export.vfov.full_size import verify_full_vfov
from export.vfov.graph import expected_shapes, load
from export.vfov.hrnet import HrnetSizes
from export.vfov.model import FieldOfView
from export.vfov.random_checkpoint import write_random_vfov

SIZES = HrnetSizes(width=2, blocks=1, modules=(1, 1, 1))
UNUSED_HEAD, UNUSED_LAYER = 48 * 24 + 24, 1024 * 1025


def test_the_published_network_has_as_many_tensors_and_numbers() -> None:
    shapes = expected_shapes()
    learnt = sum(int(np.prod(shape)) for name, shape in shapes.items() if ".running_" not in name)
    assert learnt + UNUSED_HEAD + UNUSED_LAYER == 67_677_178
    with torch.device("meta"):
        norms = sum(isinstance(module, nn.BatchNorm2d) for module in FieldOfView().modules())
    assert len(shapes) + norms + 4 == 1_874  # a count of training for each norm, and the two unused layers


def test_a_checkpoint_becomes_a_graph_that_looks_at_the_picture(tmp_path: Path) -> None:
    rows = verify_full_vfov(tmp_path, (1, 3), SIZES)  # what `verify-full` does
    assert {row.batch for row in rows} == {1, 3}
    graph = load(tmp_path / "cam_model.ckpt", SIZES)
    rows += write_version(graph, tmp_path, Format.TORCHSCRIPT)
    assert set(read_record(tmp_path / "vfov" / "1")) == {"model.onnx", "model.pt"}
    assert read_record(tmp_path / "vfov" / "1")["model.onnx"]["on_cpu"] == []
    assert all(row.passed for row in rows), table(rows)
    dark, noisy = np.zeros((256, 256, 3), np.uint8), np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)
    seen = graph.run({"image": np.stack([dark, noisy])})["vfov"]
    assert seen.shape == (2, 1)
    assert abs(float(seen[0, 0] - seen[1, 0])) > 5e-4


def test_other_checkpoints_are_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {"fc.weight": torch.zeros(1)}}, tmp_path / "other.ckpt")
    with pytest.raises(UnknownFamilyError, match=r"expected a checkpoint of FLNet .* without backbone.conv1.weight"):
        load(tmp_path / "other.ckpt", SIZES)
    with pytest.raises(TensorShapeError, match=r"expected shape .4, 256, 3, 3., got .2, 256, 3, 3."):
        load(write_random_vfov(tmp_path / "cam_model.ckpt", SIZES, prefix=""), replace(SIZES, width=4))
