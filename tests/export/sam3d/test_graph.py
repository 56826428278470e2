"""The whole graph of SAM 3D Body, reduced: exported, run, and without an operator that a GPU lacks."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from export.graphs.served_graph import ServedGraph
from export.sam3d.graph import MEASURES, random_network, served, write
from export.sam3d.sizes import REDUCED
from harness.graphs.operators import KERNELS, operator_rows
from harness.graphs.parity import parity_rows


@pytest.fixture(scope="module")
def graph() -> ServedGraph:
    return served(random_network(REDUCED))


@pytest.fixture(scope="module")
def file(graph: ServedGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sam3d") / "model.onnx"
    write(graph, path)
    return path


@pytest.fixture(scope="module")
def session(file: Path) -> Any:
    return ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def test_the_exported_graph_computes_what_pytorch_computes_at_any_batch(graph: ServedGraph, session: Any) -> None:
    for row in parity_rows(graph, session, (1, 3)):
        assert max(row["batch 1"], row["batch 3"]) <= MEASURES[row["output"]].fp32.maximum, row


@pytest.mark.parametrize("changed", ["crops", "bbox_info"])
def test_both_inputs_change_the_body(graph: ServedGraph, session: Any, changed: str) -> None:
    inputs, others = (graph.sample(1, np.random.default_rng(seed)) for seed in (0, 1))
    one, other = (session.run(["keypoints"], given)[0] for given in (inputs, {**inputs, changed: others[changed]}))
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.skipif(not KERNELS.exists(), reason="the list of CUDA kernels is not part of the project")
def test_every_operator_has_a_cuda_kernel(file: Path) -> None:
    assert [row for row in operator_rows(file) if row["without"]] == []
