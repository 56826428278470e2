"""The finder's graph: normalisation, MoveNet MultiPose, decoding and suppression of duplicates.

Decoding is the published network's own: a person is a peak of the centre map, its box is regressed there, and its score
is the centre's times the mean of the keypoints that are plainly seen inside the box near where the centre expects them.
One thing differs: the published graph lets a keypoint's score be that of another candidate seen in the same place.
"""

from dataclasses import dataclass

import numpy as np
import onnx

from export.lite.converters.tensorflow_js.model import GraphModel
from export.lite.finder.movenet import CELLS, KEYPOINTS, SIDE, STRIDE, Heads, add_movenet
from export.lite.onnx.graph_builder import GraphBuilder, Value
from export.lite.onnx.selection import best_first, rows, suppressed
from tracker_service.types import Float32

HEADS = {"center": 1, "box_scale": 2, "box_offset": 2, "heatmaps": KEYPOINTS, "regressions": 2 * KEYPOINTS}
"""Names of the network's heads inside the graph (see `Heads`), and their channels."""
PEAK_WINDOW = 5
"""Cells a side in which a centre must be the highest."""
PEAK_TOLERANCE = 1.0132789611816406e-06
KEYPOINT_FLOOR = 0.126953125
"""Score from which a keypoint counts as seen."""
SPREAD = 0.300048828125 * CELLS
"""Squared cells in which a keypoint's weight falls to 1/e, away from where the centre expects it."""
PIXEL_SCALE = 0.007843017578125
"""From 0..255 to 0..2; the network takes -1..1. Constants are the published ones, rounded to half precision."""
BYTES_FROM = 50_000
"""Numbers from which a layer's weights are stored in 8 bits: its wide pointwise convolutions. Boxes then overlap those
of half precision, as published, by .993 (IoU) in the mean; with 8 bits everywhere by .93."""


@dataclass(frozen=True, slots=True)
class FinderOptions:
    """What is fixed inside the graph.

    Attributes:
        people: centres that are decoded, and rows of the output, as published. Raising it only matters for crowds.
        iou: overlap above which the lower of two boxes is dropped.
        floor: lowest score that leaves the graph; callers choose their own, higher threshold.
    """

    people: int = 6
    iou: float = 0.7
    floor: float = 0.05


def build_finder(
    network: GraphModel, options: FinderOptions = FinderOptions(), *, bytes_from: int | None = BYTES_FROM
) -> onnx.ModelProto:
    """Wrap MoveNet into the served model: `images` in, `boxes` and `scores` out; see `GraphBuilder` on its weights."""
    graph = GraphBuilder("person_finder", half_weights=True, bytes_from=bytes_from)
    images = graph.input("images", np.uint8, ["N", SIDE, SIDE, 3])
    normalised = images.cast(np.float32).transpose(0, 3, 1, 2) * np.float32(PIXEL_SCALE) - np.float32(1)
    heads = add_movenet(graph, network, normalised)
    _add_decoding(graph, heads, options)
    return graph.model()


def build_decoding(options: FinderOptions = FinderOptions()) -> onnx.ModelProto:
    """Build the part of the served model that follows the network, to be tested without it.

    Inputs: the heads (see `Heads`), each with the suffix ``_in``.
    """
    graph = GraphBuilder("decoding")
    inputs = [graph.input(f"{name}_in", np.float32, ["N", size, CELLS, CELLS]) for name, size in HEADS.items()]
    _add_decoding(graph, Heads(*inputs), options)
    return graph.model()


def cell_positions() -> Float32:
    """Return (4096, 2) y x of every cell, row-major."""
    return np.indices((CELLS, CELLS), np.float32).reshape(2, -1).T


def _add_decoding(graph: GraphBuilder, heads: Heads, options: FinderOptions) -> None:
    """Add everything from the network's heads to the outputs."""
    center, scale, offset, heatmaps, regressions = (graph.label(getattr(heads, name), name) for name in HEADS)
    scores, cells = graph.ops(
        "TopK", _peaks(center).reshape(0, -1), np.array([options.people], np.int64), outputs=2, axis=1
    )
    position = graph.op("Gather", graph.constant(cell_positions()), cells, axis=0)
    low, high = _corners(position + _at(offset, cells), _at(scale, cells))
    expected = _at(regressions, cells).reshape(0, 0, KEYPOINTS, 2) + position.reshape(0, 0, 1, 2)
    seen = _keypoint_scores(graph.op("Sigmoid", heatmaps), expected, low, high)
    person = scores * _mean_of_seen(seen)
    boxes = graph.op("Concat", low.take([1, 0], 2), high.take([1, 0], 2), axis=2) * np.float32(STRIDE)
    kept = suppressed(boxes, person, people=options.people, iou=options.iou, floor=options.floor)
    best, score = best_first(boxes, person * kept, options.people)
    graph.output("boxes", best, ["N", options.people, 4])
    graph.output("scores", score, ["N", options.people])


def _peaks(center: Value) -> Value:
    """Return [N, 1, 64, 64]: the probability of a centre where it is the highest around, else 0."""
    graph = center.graph
    probability = graph.op("Sigmoid", center)
    around = [PEAK_WINDOW // 2] * 4
    highest = graph.op("MaxPool", probability, kernel_shape=[PEAK_WINDOW] * 2, strides=[1, 1], pads=around)
    is_peak = graph.op("Less", graph.op("Abs", probability - highest), np.float32(PEAK_TOLERANCE))
    return probability * is_peak.cast(np.float32)


def _at(head: Value, cells: Value) -> Value:
    """Return [N, k, c]: what ``head`` [N, c, 64, 64] says in ``cells`` [N, k]."""
    return rows(head.reshape(0, 0, -1).transpose(0, 2, 1), cells)


def _corners(center: Value, size: Value) -> tuple[Value, Value]:
    """Return the corners [N, k, 2] y x of boxes, in cells, within the map."""
    half = size.graph.op("Relu", size) * np.float32(0.5)
    return (center - half).clip(0.0, float(CELLS)), (center + half).clip(0.0, float(CELLS))


def _keypoint_scores(heatmaps: Value, expected: Value, low: Value, high: Value) -> Value:
    """Return [N, k, 17]: the best of each heat map [N, 17, 64, 64] inside the box and near the expected place."""
    along = [_weights(expected, low, high, axis) for axis in (0, 1)]
    maps = heatmaps.reshape(0, 1, KEYPOINTS, CELLS, CELLS)
    weighted = maps * along[0].reshape(0, 0, KEYPOINTS, CELLS, 1) * along[1].reshape(0, 0, KEYPOINTS, 1, CELLS)
    return weighted.graph.op("ReduceMax", weighted, axes=[3, 4], keepdims=0)


def _weights(expected: Value, low: Value, high: Value, axis: int) -> Value:
    """Return [N, k, 17, 64]: how much each row (axis 0) or column (axis 1) counts for each keypoint."""
    graph = expected.graph
    cells = np.arange(CELLS, dtype=np.float32).reshape(1, 1, 1, CELLS)
    distance = expected.take([axis], 3) - cells
    first, last = low.take([axis], 2).reshape(0, 0, 1, 1), high.take([axis], 2).reshape(0, 0, 1, 1)
    inside = graph.op("And", graph.op("LessOrEqual", first, cells), graph.op("Greater", last, cells))
    return graph.op("Exp", distance * distance * np.float32(-1 / SPREAD)) * inside.cast(np.float32)


def _mean_of_seen(keypoints: Value) -> Value:
    """Return [N, k]: the mean score of the keypoints that are seen, 0 where none is."""
    graph = keypoints.graph
    seen = graph.op("Greater", keypoints, np.float32(KEYPOINT_FLOOR)).cast(np.float32)
    count = graph.op("Max", seen.sum(2, keepdims=False), np.float32(1))
    return (keypoints * seen).sum(2, keepdims=False) / count
