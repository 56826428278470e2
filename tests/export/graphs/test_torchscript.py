"""TorchScript files run where their inputs are: nothing in them is bound to the device that they were traced on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.graphs.parity import compare, references
from export.graphs.served_graph import Arrays, ServedGraph
from export.graphs.torchscript import constant_devices, load_torchscript, write_torchscript
from tracker_service.inference.client import TensorSpec
from tracker_service.inference.verification.measures import numbers


class _Ramp(nn.Module):
    """Adds a ramp that is made in every run, and a table that depends on nothing."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        ramp = torch.arange(values.shape[1], device=values.device)
        return torch.add(values, ramp) + torch.full((3,), 2.0, device=values.device)


class _Around(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = _Ramp()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.inner(values)
        return result


def _sample(count: int, generator: np.random.Generator) -> Arrays:
    return {"values": generator.normal(size=(count, 3)).astype(np.float32)}


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_what_is_made_during_a_run_is_made_on_the_device_of_the_input(tmp_path: Path) -> None:
    module = _Around().eval()
    traced = torch.jit.trace(module, torch.zeros(2, 3))  # type: ignore[no-untyped-call]
    assert any(user.startswith("aten::arange") for user in constant_devices(traced))

    values = TensorSpec("values", np.dtype(np.float32), (3,))
    graph = ServedGraph("ramp", module, (values,), ("sum",), _sample, {"sum": numbers(1e-6, 1e-6)})
    expected = references(graph, (1, 3))
    write_torchscript(graph, tmp_path / "model.pt")
    assert constant_devices(load_torchscript(tmp_path / "model.pt")) == ()
    assert all(row.passed for row in compare(graph, tmp_path / "model.pt", "fp32", expected))
    moved = torch.jit.load(tmp_path / "model.pt", map_location="meta")  # type: ignore[no-untyped-call]
    assert moved(torch.zeros(2, 3, device="meta")).device.type == "meta"
