"""Which nodes a GPU would not run: told from operator versions and types, for every graph that is served."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from typer.testing import CliRunner

from export.__main__ import app
from export.graphs.placement import read_nodes, releases, unplaced
from tracker_service.errors import ExportError
from tracker_service.inference.model_repository import default_repository

FLOAT, HALF, BOOL, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BOOL, TensorProto.INT64
LITE = sorted(default_repository().glob("*/1/model.onnx"))


def _graph(node: onnx.NodeProto, kinds: dict[str, int], opset: int, result: int = FLOAT) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()]
    outputs = [helper.make_tensor_value_info(name, result, None) for name in node.output]
    graph = helper.make_graph([node], "one", inputs, outputs)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.example", 1)]
    )


def _node(kind: str, *inputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, list(inputs), ["out"], name="the_node", **attributes)


@pytest.mark.parametrize("release", releases())
@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (_graph(_node("GridSample", "x", "grid"), {"x": FLOAT, "grid": FLOAT}, 18), ""),
        (
            _graph(_node("GridSample", "x", "grid"), {"x": HALF, "grid": HALF}, 18, HALF),
            "no kernel for X of type float16",
        ),
        (
            _graph(_node("GridSample", "x", "grid"), {"x": FLOAT, "grid": FLOAT}, 20),
            "GridSample-20 the_node: no kernel",
        ),
        (_graph(_node("Pad", "x", "pads"), {"x": FLOAT, "pads": INT64}, 18), ""),
        (
            _graph(_node("Pad", "x", "pads"), {"x": FLOAT, "pads": INT64}, 20),
            "Pad-19 the_node: no kernel of this version",
        ),
        (_graph(_node("Concat", "x", "y", axis=0), {"x": FLOAT, "y": FLOAT}, 18), ""),
        (_graph(_node("ConvTranspose", "x", "w", pads=[1, 1]), {"x": FLOAT, "w": FLOAT}, 18), ""),
        (_graph(_node("ConvTranspose", "x", "w", pads=[0, 1]), {"x": FLOAT, "w": FLOAT}, 18), "padding differs"),
        (_graph(_node("Fused", "x", domain="com.example"), {"x": FLOAT}, 18), "com.example.Fused the_node: of another"),
    ],
)
def test_a_node_is_placed_where_version_and_types_have_a_kernel(
    graph: onnx.ModelProto, reason: str, release: str
) -> None:
    found = [str(node) for node in unplaced(graph, release)]
    assert len(found) == bool(reason)
    assert reason in "".join(found)


def test_nodes_of_branches_are_looked_at_with_the_types_around_them() -> None:
    sampled = helper.make_node("GridSample", ["x", "x"], ["inner"], name="inside")
    branch = helper.make_graph([sampled], "branch", [], [helper.make_tensor_value_info("inner", HALF, None)])
    graph = _graph(_node("If", "c", then_branch=branch, else_branch=branch), {"c": BOOL, "x": HALF}, 18, HALF)
    assert [node.name for node in unplaced(graph, releases()[0])] == ["inside", "inside"]


def test_unknown_release_is_refused() -> None:
    graph = _graph(_node("Relu", "x"), {"x": FLOAT}, 18)
    with pytest.raises(ExportError, match=r"expected a release of ONNX Runtime of 1\.19, 1\.24, got '0\.1'"):
        unplaced(graph, "0.1")


@pytest.mark.parametrize("path", LITE, ids=lambda path: path.parents[1].name)
def test_committed_graphs_are_placed_as_a_whole_and_convert_their_bytes_first(path: Path) -> None:
    model = read_nodes(path)
    assert [str(node) for release in releases() for node in unplaced(model, release)] == []
    bytes_in = {value.name for value in model.graph.input if value.type.tensor_type.elem_type == TensorProto.UINT8}
    assert {node.op_type for node in model.graph.node if bytes_in & set(node.input)} == {"Cast"}


def test_command_names_the_nodes_that_have_no_kernel(tmp_path: Path) -> None:
    for name, opset in (("good", 18), ("bad", 20)):
        path = tmp_path / name / "1" / "model.onnx"
        path.parent.mkdir(parents=True)
        onnx.save(_graph(_node("Pad", "x", "pads"), {"x": FLOAT, "pads": INT64}, opset), path)
    result = CliRunner().invoke(app, ["placement", "--repository", str(tmp_path)])
    assert result.exit_code == 1
    assert [line.split() for line in result.output.splitlines()][1:3] == [
        ["bad", "20", "1", "1", "1"],
        ["good", "18", "1", "0", "0"],
    ]
    assert "bad, 1.24: Pad-19 the_node: no kernel of this version" in result.output
    assert CliRunner().invoke(app, ["placement", "good", "--repository", str(tmp_path)]).exit_code == 0


def test_large_weights_are_not_kept(tmp_path: Path) -> None:
    weight = onnx.numpy_helper.from_array(np.zeros((100, 100), np.float32), "w")
    graph = _graph(_node("MatMul", "x", "w"), {"x": FLOAT}, 18)
    graph.graph.initializer.append(weight)
    onnx.save(graph, tmp_path / "model.onnx")
    assert read_nodes(tmp_path / "model.onnx").ByteSize() < 1000
    assert unplaced(read_nodes(tmp_path / "model.onnx"), releases()[0]) == ()
