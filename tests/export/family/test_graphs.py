"""The exported graphs of TokenHMR and CameraHMR."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.camerahmr.graph import served as served_camerahmr
from export.graphs.choices import Format, Precision
from export.graphs.model_version import write_version
from export.graphs.parity import references, table
from export.graphs.served_graph import ServedGraph
from export.hmr_family.detection import Family
from export.hmr_family.loading import load
from export.hmr_family.random_checkpoint import write_random_family
from export.tokenhmr.graph import served as served_tokenhmr
from tests.export.family.conftest import FAMILY
from tests.export.family.golden_networks import small_camerahmr, small_tokenhmr
from tests.export.family.reduced import SIZES
from tests.export.synthetic_body import synthetic_body
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.perspective import full_translations


@pytest.mark.parametrize("family", FAMILY)
def test_command_writes_the_network_that_the_checkpoint_holds(family_repository: Path, family: Family) -> None:
    record = json.loads((family_repository / family / "1" / "export.json").read_text())["model.onnx"]
    sources = {f"{family}.ckpt", "body_model.npz"} | ({"tokenizer.pth"} if family is Family.TOKENHMR else set())
    assert (record["model"], set(record["sources"])) == (family, sources)
    assert all(row["passed"] for row in record["parity"])
    assert record["on_cpu"] == []


@pytest.mark.parametrize("family", FAMILY)
@pytest.mark.parametrize("precision", Precision)
def test_torchscript_holds_the_limits_in_both_precisions(tmp_path: Path, family: Family, precision: Precision) -> None:
    synthetic_body().write(tmp_path / "body_model.npz")
    checkpoint = write_random_family(tmp_path, family, SIZES)
    graph = load(checkpoint, tmp_path / "body_model.npz", tmp_path / "tokenizer.pth", SIZES.network)
    rows = write_version(graph, tmp_path, Format.TORCHSCRIPT, precision)
    assert all(row.passed for row in rows), table(rows)
    if precision is Precision.FP16:  # it really is another precision
        assert max(row.maximum for row in rows if row.output == "vertices") > 1e-3


@pytest.mark.parametrize(("small", "served"), [(small_camerahmr, served_camerahmr), (small_tokenhmr, served_tokenhmr)])
def test_half_precision_is_kept_to_the_products_of_the_blocks_and_the_context(
    small: Callable[[], Any], served: Callable[..., ServedGraph]
) -> None:
    graph = served(deepcopy(small()))
    assert graph.lower is not None
    graph.lower(graph.module, torch.float16)
    halves = {name for name, value in graph.module.named_parameters() if value.dtype == torch.float16}
    assert "decoder.keys_values.weight" in halves
    assert all(name.startswith(("backbone.blocks.", "decoder.keys_values")) and "norm" not in name for name in halves)
    assert {value.dtype for value in graph.module.buffers()} == {torch.float32, torch.int64}


@pytest.mark.parametrize(
    ("small", "served", "share"),
    # A random joint's 6D numbers may be a third as long as a rotation's: what rounding turns it by, they multiply.
    [(small_camerahmr, served_camerahmr, 1.0), (small_tokenhmr, served_tokenhmr, 2.0)],
)
def test_networks_with_the_weights_of_the_golden_numbers_stand_half_precision(
    small: Callable[[], Any], served: Callable[..., ServedGraph], share: float
) -> None:
    graph = served(deepcopy(small()))
    assert graph.lower is not None
    expected = references(graph, (1, 2))
    graph.lower(graph.module, torch.float16)
    for reference in expected:
        got = graph.run(reference.inputs)
        for output, measure in graph.measures.items():
            mean, maximum = measure.deviation(reference.outputs[output], got[output])
            limit = measure.limit("fp16")
            assert mean <= limit.mean, output
            assert maximum <= share * limit.maximum, output


def test_cam_t_is_where_the_tracker_puts_people(family_repository: Path) -> None:
    client, random = EmbeddedClient(family_repository, threads=1), np.random.default_rng(5)
    crops = random.integers(0, 255, (3, 256, 256, 3), np.uint8)
    places = np.array([[0.16, -0.026667, 0.4], [-0.3, 0.2, 0.1], [0, 0, 1]], np.float32)
    got = client.infer("camerahmr", {"crops": crops, "bbox_info": places}, ["pred_cam", "cam_t", "global_orient"])
    np.testing.assert_allclose(full_translations(got["pred_cam"], places), got["cam_t"], rtol=1e-5)
    moved = client.infer("camerahmr", {"crops": crops, "bbox_info": places[::-1].copy()}, ["global_orient"])
    assert np.abs(moved["global_orient"] - got["global_orient"])[[0, 2]].max() > 1e-4  # the place is looked at
    client.close()
