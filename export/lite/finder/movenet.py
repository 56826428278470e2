"""MoveNet MultiPose as it is published for TensorFlow.js: its heads, and the network cut down to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.lite.converters.tensorflow_js.convert import add_network
from export.lite.converters.tensorflow_js.model import GraphModel, Node, Output, read_graph_model
from export.lite.onnx.graph_builder import GraphBuilder, Value
from tracker_service.errors import ExportError

SIDE = 256
"""Rows and columns that the published network was saved for."""
STRIDE = 4
"""Input pixels a cell of the heads."""
CELLS = SIDE // STRIDE
"""Rows and columns of the heads."""
KEYPOINTS = 17
"""COCO's."""
_CHANNELS = {"center": 1, "box_scale": 2, "box_offset": 2, "kpt_heatmap": KEYPOINTS, "kpt_regress": 2 * KEYPOINTS}
_FIRST_LAYER = "Conv1_relu"


@dataclass(frozen=True, slots=True)
class Heads:
    """What the network says about every cell of its 64 x 64 map; lengths are in cells, y before x.

    Attributes:
        center: [N, 1, 64, 64] logit of a person's centre.
        box_scale: [N, 2, 64, 64] height and width of the person whose centre this is.
        box_offset: [N, 2, 64, 64] the box's centre, relative to the cell.
        heatmaps: [N, 17, 64, 64] logits of the keypoints of anybody.
        regressions: [N, 34, 64, 64] y and x of the keypoints of the person whose centre this is, relative to the cell.
    """

    center: Value
    box_scale: Value
    box_offset: Value
    heatmaps: Value
    regressions: Value


def read_movenet(path: Path) -> GraphModel:
    """Read movenet-multipose.json and the weights beside it; keep what leads from the first convolution to the heads.

    Raises:
        ExportError: the file is another network.
    """
    model = read_graph_model(path)
    nodes = {node.name: node for node in model.nodes}
    outputs = {head: Output(_head(nodes, head, model), (1, CELLS, CELLS, size)) for head, size in _CHANNELS.items()}
    image = next((node.inputs[0] for name, node in nodes.items() if _FIRST_LAYER in name), "")
    if image not in nodes:
        raise ExportError(f"{path}: expected MoveNet MultiPose, found no layer {_FIRST_LAYER}")
    nodes[image] = Node(image, "Placeholder", (), {})
    weights = dict(model.weights) | _upsampled_sizes(nodes)
    nodes |= {name: Node(name, "Const", (), {}) for name in weights}
    return GraphModel(_needed(nodes, [output.node for output in outputs.values()]), weights, outputs)


def add_movenet(graph: GraphBuilder, model: GraphModel, image: Value) -> Heads:
    """Append the network; ``image`` is [N, 3, 256, 256] RGB from -1 to 1."""
    raw = add_network(graph, model, image, SIDE, channels_last=True)
    return Heads(raw["center"], raw["box_scale"], raw["box_offset"], raw["kpt_heatmap"], raw["kpt_regress"])


def _head(nodes: dict[str, Node], head: str, model: GraphModel) -> str:
    """Return the last convolution of a head; the network calls it ``center_0/conv2d_4`` and the like."""
    found = [name for name, node in nodes.items() if f"/{head}_0/conv2d_" in name and node.operator == "_FusedConv2D"]
    if len(found) != 1 or model.weights[nodes[found[0]].inputs[1]].shape[3] != _CHANNELS[head]:
        raise ExportError(f"MoveNet: expected a head {head} with {_CHANNELS[head]} channels, got {found}")
    return found[0]


def _upsampled_sizes(nodes: dict[str, Node]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Return, as constants, the sizes that the network computes from its own shapes: each doubles the last."""
    resizes = [node.inputs[1] for node in nodes.values() if node.operator == "ResizeBilinear"]
    sizes = [CELLS >> halvings for halvings in reversed(range(len(resizes)))]
    return {name: np.array([size, size], np.int32) for name, size in zip(resizes, sizes, strict=True)}


def _needed(nodes: dict[str, Node], wanted: list[str]) -> tuple[Node, ...]:
    """Return the nodes that ``wanted`` need, in the order of the file."""
    needed: set[str] = set()
    open_names = list(wanted)
    while open_names:
        if (name := open_names.pop()) not in needed:
            needed.add(name)
            open_names.extend(source.split(":")[0] for source in nodes[name].inputs)
    return tuple(node for name, node in nodes.items() if name in needed)
