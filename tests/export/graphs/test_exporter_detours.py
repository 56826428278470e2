"""The exporter writes the same file whether it takes its detours or not."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from export.graphs import onnx_graph
from export.graphs.served_graph import ServedGraph
from tracker_service.inference.client import TensorSpec


class _Halves(nn.Module):
    """Slices, casts and reshapes, as the exporter's rules look for."""

    def forward(self, values: Tensor) -> tuple[Tensor]:
        left, right = values[:, :2], values[:, 2:]
        return (torch.cat((left.double().float() * 1, right.reshape(-1, 1, 2).reshape(-1, 2)), dim=1).relu(),)


def test_the_file_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ServedGraph(
        name="halves",
        module=_Halves(),
        inputs=(TensorSpec("values", np.dtype(np.float32), (4,)),),
        outputs=("joined",),
        sample=lambda rows, random: {"values": random.random((rows, 4), np.float32)},
        measures={},
    )
    onnx_graph.write_onnx(graph, tmp_path / "quick.onnx")
    monkeypatch.setattr(onnx_graph, "without_detours", nullcontext)
    onnx_graph.write_onnx(graph, tmp_path / "slow.onnx")
    assert (tmp_path / "quick.onnx").read_bytes() == (tmp_path / "slow.onnx").read_bytes()
