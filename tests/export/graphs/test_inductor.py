"""Packages of AOTInductor: compiled here for the CPU, and put where Triton looks for them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.files import sha256_of
from export.graphs.choices import Format
from export.graphs.model_version import read_record, write_version
from export.graphs.served_graph import Arrays, ServedGraph
from tracker_service.errors import ExportError
from tracker_service.inference.client import TensorSpec
from tracker_service.inference.verification.measures import numbers


class _Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return values * self.scale, values.sum(dim=1)


def _graph(*shape: int | None) -> ServedGraph:
    def sample(count: int, generator: np.random.Generator) -> Arrays:
        return {"values": generator.normal(size=(count, 3)).astype(np.float32)}

    measures = {"scaled": numbers(1e-6, 1e-6), "sum": numbers(1e-6, 1e-6)}
    spec = TensorSpec("values", np.dtype(np.float32), shape)
    return ServedGraph("two", _Two().eval(), (spec,), ("scaled", "sum"), sample, measures)


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++, which compiles packages for a CPU")
def test_a_package_gives_what_pytorch_gives_and_is_put_where_triton_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    # What the processor says it can do is believed: otherwise a third of the time compiles programs that try it out.
    monkeypatch.setattr(torch._inductor.config.cpp, "vec_isa_ok", True)
    # What calls the network's code is long; that it is fast does not matter here.
    monkeypatch.setattr(torch._inductor.config.aot_inductor, "compile_wrapper_opt_level", "O0")
    rows = write_version(_graph(3), tmp_path / "models", Format.PT2)
    assert {(row.file, row.batch, row.passed) for row in rows} == {("model.pt2", 1, True), ("model.pt2", 2, True)}
    folder, served = tmp_path / "models" / "two" / "1", tmp_path / "models" / "two_pt2" / "1"
    assert sorted(path.name for path in folder.iterdir()) == ["export.json", "golden.npz", "model.pt2"]
    assert [path.name for path in served.iterdir()] == ["model.pt2"]
    assert read_record(folder)["model.pt2"]["files"] == {"model.pt2": sha256_of(served / "model.pt2")}
    assert json.loads((folder / "export.json").read_text())["model.pt2"]["precision"] == "fp32"


def test_inputs_with_free_sides_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="two: expected inputs of fixed size"):
        write_version(_graph(None), tmp_path, Format.PT2)
