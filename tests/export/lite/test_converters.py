"""The converters on small made-up networks; the real ones are in test_networks and test_rebuild."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import correlate

from export.lite.converters.padding import same_padding
from export.lite.converters.tensorflow_js.convert import add_network
from export.lite.converters.tensorflow_js.model import read_graph_model
from export.lite.converters.tensorflow_lite.model import read_lite_model
from export.lite.onnx.graph_builder import GraphBuilder
from tests.export.lite.graphs import Graph
from tracker_service.errors import ExportError

KERNEL = np.arange(18, dtype=np.float32).reshape(3, 3, 1, 2) / 10
BIAS = np.array([0.5, -0.25], np.float32)
ORDERS = {"last": [0, 2, 3, 1], "first": [0, 3, 1, 2]}


def node(name: str, operator: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": operator, "input": list(inputs), "attr": attributes}


def integers(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def write_network(folder: Path, nodes: list[dict[str, Any]], weights: dict[str, NDArray[Any]], output: str) -> Path:
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": {"f": "float32", "i": "int32"}[array.dtype.kind]}
        for name, array in weights.items()
    ]
    (folder / "net.bin").write_bytes(b"".join(array.tobytes() for array in weights.values()))
    sides = [{"size": "1"}, {"size": "2"}, {"size": "8"}, {"size": "8"}]
    description = {
        "modelTopology": {"node": [*nodes, *(node(name, "Const") for name in weights)]},
        "weightsManifest": [{"paths": ["net.bin"], "weights": entries}],
        "signature": {"outputs": {"out": {"name": output, "tensorShape": {"dim": sides}}}},
    }
    path = folder / "net.json"
    path.write_text(json.dumps(description))
    return path


CONVOLUTION = [
    node("image", "Placeholder"),
    node("padded", "Pad", "image", "amounts"),
    node("turned", "Transpose", "padded", "last"),
    node(
        "convolved",
        "Conv2D",
        "turned",
        "kernel",
        strides=integers(1, 1, 1, 1),
        dilations=integers(1, 1, 1, 1),
        padding={"s": "VkFMSUQ="},
    ),
    node("biased", "Add", "convolved", "bias"),
    node("back", "Transpose", "biased", "first"),
    node("rectified", "LeakyRelu", "back", alpha={"f": 0.1}),
]
WEIGHTS: dict[str, NDArray[Any]] = {
    "amounts": np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32),
    "last": np.array(ORDERS["last"], np.int32),
    "first": np.array(ORDERS["first"], np.int32),
    "kernel": KERNEL,
    "bias": BIAS,
}


def test_padded_convolution_with_bias_and_rectifier(tmp_path: Path) -> None:
    model = read_graph_model(write_network(tmp_path, CONVOLUTION, WEIGHTS, "rectified"))
    graph = GraphBuilder("small")
    image = graph.input("image", np.float32, ["N", 1, 8, 8])
    graph.output("out", add_network(graph, model, image, 8)["out"], ["N", 2, 8, 8])
    pixels = np.random.default_rng(0).normal(size=(3, 1, 8, 8)).astype(np.float32)
    got = Graph(graph.model())(image=pixels)["out"]
    for row in range(3):
        for channel in range(2):
            wanted = correlate(pixels[row, 0], KERNEL[:, :, 0, channel], mode="constant") + BIAS[channel]
            np.testing.assert_allclose(got[row, channel], np.where(wanted > 0, wanted, 0.1 * wanted), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (node("rectified", "Softmax", "back"), "expected a known operation, got Softmax"),
        (node("rectified", "Sigmoid", "padded"), "expected padding only before a convolution"),
        (node("rectified", "Transpose", "back", "first"), "expected a change between channels first and last"),
    ],
)
def test_what_is_not_covered_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    model = read_graph_model(write_network(tmp_path, [*CONVOLUTION[:-1], change], WEIGHTS, "rectified"))
    graph = GraphBuilder("small")
    with pytest.raises(ExportError, match=message):
        add_network(graph, model, graph.input("image", np.float32, ["N", 1, 8, 8]), 8)


def test_weights_that_end_too_early_are_refused(tmp_path: Path) -> None:
    path = write_network(tmp_path, CONVOLUTION, WEIGHTS, "rectified")
    (tmp_path / "net.bin").write_bytes(b"\0" * 100)
    with pytest.raises(ExportError, match="got the end of the file"):
        read_graph_model(path)


@pytest.mark.parametrize("content", ["", "<html>", '{"modelTopology": {}}'])
def test_a_file_that_is_no_graph_model_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "net.json"
    path.write_text(content)
    with pytest.raises(ExportError, match=r"expected a TensorFlow\.js graph model"):
        read_graph_model(path)


def test_a_file_that_is_no_lite_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ExportError, match="expected a TensorFlow Lite file"):
        read_lite_model(path)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [(256, 3, 2, (0, 1)), (128, 5, 2, (1, 2)), (64, 3, 1, (1, 1)), (65, 3, 2, (1, 1)), (64, 1, 1, (0, 0))],
)
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int, padding: tuple[int, int]) -> None:
    assert same_padding(size, kernel, stride) == padding
