"""NanoDet-g as it is published for TensorFlow.js: what its outputs are, and the network cut down to people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from export.lite.converters.tensorflow_js.convert import add_network
from export.lite.converters.tensorflow_js.model import GraphModel, Node, read_graph_model
from export.lite.onnx.graph_builder import Array, GraphBuilder, Value
from tracker_service.errors import ExportError

SAVED_SIDE = 416
"""Rows and columns that the published network was saved for."""
CLASSES = 80
"""COCO's; 0 is a person."""
BINS = 11
"""A box side's distance from the cell centre is a distribution over 0 to 10 strides (generalised focal loss)."""
STRIDES = (8, 16, 32)
"""Input pixels a cell, for each of the three feature maps (RangiLyu/nanodet)."""


@dataclass(frozen=True, slots=True)
class Heads:
    """What the network says about every cell, finest map first, row-major.

    Attributes:
        scores: [N, cells, 1] probability of a person.
        sides: [N, cells, 44] logits of the distances of left, top, right and bottom, 11 bins each.
    """

    scores: Value
    sides: Value


def read_nanodet(path: Path) -> GraphModel:
    """Read nanodet.json and the weights beside it, and drop the 79 classes that are not people."""
    return _people_only(read_graph_model(path))


def add_nanodet(graph: GraphBuilder, model: GraphModel, image: Value) -> Heads:
    """Append the network; ``image`` is [N, 3, H, W] normalised BGR, sides multiples of 32."""
    raw = add_network(graph, model, image, SAVED_SIDE)
    scores, sides = [], []
    for stride in STRIDES:
        cells = (SAVED_SIDE // stride) ** 2
        keys = {output.shape[2]: key for key, output in model.outputs.items() if output.shape[1] == cells}
        if set(keys) != {1, 4 * BINS}:
            raise ExportError(f"stride {stride}: expected outputs of 1 and {4 * BINS} values, got {sorted(keys)}")
        scores.append(raw[keys[1]])
        sides.append(raw[keys[4 * BINS]])
    return Heads(graph.op("Concat", *scores, axis=1), graph.op("Concat", *sides, axis=1))


def _people_only(model: GraphModel) -> GraphModel:
    """Cut the last convolution of every map to the person's score and the box.

    Each map ends in a convolution, a bias, a split into scores and sides, and a reshape of either.
    """
    nodes = {node.name: node for node in model.nodes}
    weights = dict(model.weights)
    channels = np.r_[0, CLASSES : CLASSES + 4 * BINS]
    for split in (node for node in model.nodes if node.operator == "SplitV"):
        bias = _before(split, nodes, "Add")
        kernel = _before(bias, nodes, "Conv2D").inputs[1]
        for name in (kernel, bias.inputs[1]):
            weights[name] = _cut(weights[name], channels)
        weights[split.inputs[1]] = np.array([1, 4 * BINS], np.int32)
    for name, array in weights.items():
        if array.ndim == 1 and array.tolist() == [1, CLASSES, -1]:
            weights[name] = np.array([1, 1, -1], np.int32)
    outputs = {
        key: replace(output, shape=(*output.shape[:2], 1 if output.shape[2] == CLASSES else output.shape[2]))
        for key, output in model.outputs.items()
    }
    return replace(model, weights=weights, outputs=outputs)


def _before(node: Node, nodes: dict[str, Node], operator: str) -> Node:
    """Return the node of the given kind that feeds ``node``, skipping changes of the axis order."""
    source = nodes[node.inputs[0]]
    while source.operator == "Transpose":
        source = nodes[source.inputs[0]]
    if source.operator != operator:
        raise ExportError(f"node {node.name}: expected {operator} before it, got {source.operator}")
    return source


def _cut(array: Array, channels: Array) -> Array:
    """Keep ``channels`` of the axis that holds classes and sides."""
    axis = array.shape.index(CLASSES + 4 * BINS)
    return np.take(array, channels, axis=axis)
