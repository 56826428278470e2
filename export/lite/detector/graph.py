"""The detector's graph: normalisation, NanoDet-g, decoding and suppression of duplicates."""

from dataclasses import dataclass

import numpy as np
import onnx

from export.lite.converters.tensorflow_js.model import GraphModel
from export.lite.detector.nanodet import BINS, STRIDES, Heads, add_nanodet
from export.lite.onnx.graph_builder import GraphBuilder, Value
from export.lite.onnx.selection import best_first, rows, suppressed
from tracker_service.errors import ExportError
from tracker_service.types import Float32

CELL_SCORES, CELL_SIDES = "cell_scores", "cell_sides"
"""Names of the network's heads inside the graph (see `Heads`)."""
MEAN_RGB = (123.675, 116.28, 103.53)
STD_RGB = (58.395, 57.12, 57.375)


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """What is fixed inside the graph.

    Attributes:
        size: side of the square input, pixels, a multiple of 32. Raising it finds smaller people and costs time with
            its square.
        iou: overlap above which the lower of two boxes is dropped. Raising it keeps people who stand in front of each
            other, but lets partial duplicates of one person through.
        floor: lowest score that leaves the graph; callers choose their own, higher threshold.
        candidates: cells a frame that are decoded. Raising it only matters for crowds.
        people: rows of the output.
    """

    size: int = 416
    iou: float = 0.5
    floor: float = 0.05
    candidates: int = 300
    people: int = 100

    def __post_init__(self) -> None:
        if self.size <= 0 or self.size % 32:
            raise ExportError(f"detector size: expected a multiple of 32, got {self.size}")


_OUTWARD: Float32 = np.array([-1, -1, 1, 1], np.float32)
"""Left and top lie on the negative side of the cell's centre."""


def cell_centers(size: int) -> tuple[Float32, Float32]:
    """Return (cells, 2) x y centres and (cells, 1) strides in input pixels, finest map first, row-major."""
    centers, strides = [], []
    for stride in STRIDES:
        side = size // stride
        rows, columns = np.mgrid[:side, :side]
        centers.append((np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) * stride)
        strides.append(np.full((side * side, 1), stride))
    return np.concatenate(centers).astype(np.float32), np.concatenate(strides).astype(np.float32)


def build_detector(
    network: GraphModel, options: DetectorOptions = DetectorOptions(), *, half_weights: bool = True
) -> onnx.ModelProto:
    """Wrap NanoDet into the served model: `images` in, `boxes` and `scores` out."""
    graph = GraphBuilder("detector_lite", half_weights=half_weights)
    images = graph.input("images", np.uint8, ["N", options.size, options.size, 3])
    heads = add_nanodet(graph, network, _normalised(images))
    _add_decoding(graph, heads, options)
    return graph.model()


def build_decoding(options: DetectorOptions = DetectorOptions()) -> onnx.ModelProto:
    """Build the part of the served model that follows the network, to be tested without it.

    Inputs: `cell_scores_in` [N, cells, 1], `cell_sides_in` [N, cells, 44] (see `Heads`).
    """
    graph = GraphBuilder("decoding")
    cells = len(cell_centers(options.size)[0])
    heads = Heads(
        scores=graph.input("cell_scores_in", np.float32, ["N", cells, 1]),
        sides=graph.input("cell_sides_in", np.float32, ["N", cells, 4 * BINS]),
    )
    _add_decoding(graph, heads, options)
    return graph.model()


def _add_decoding(graph: GraphBuilder, heads: Heads, options: DetectorOptions) -> None:
    """Add everything from the network's heads to the outputs."""
    everyone, sides = graph.label(heads.scores, CELL_SCORES), graph.label(heads.sides, CELL_SIDES)
    number = np.array([options.candidates], np.int64)
    scores, cells = graph.ops("TopK", everyone.take(0, axis=2), number, outputs=2, axis=1)
    boxes = _decoded(rows(sides, cells), cells, options.size)
    kept = suppressed(boxes, scores, people=options.people, iou=options.iou, floor=options.floor)
    best, score = best_first(boxes, scores * kept, options.people)
    graph.output("boxes", best, ["N", options.people, 4])
    graph.output("scores", score, ["N", options.people])


def _normalised(images: Value) -> Value:
    """Return [N, 3, S, S] blue, green, red, zero mean and unit spread as the network was trained."""
    planes = images.cast(np.float32).transpose(0, 3, 1, 2)
    mean, std = (np.array(v, np.float32).reshape(3, 1, 1) for v in (MEAN_RGB, STD_RGB))
    return ((planes - mean) * (1 / std)).take([2, 1, 0], axis=1)


def _decoded(sides: Value, cells: Value, size: int) -> Value:
    """Return [N, k, 4] boxes x1 y1 x2 y2 in input pixels from the side distributions of ``cells``."""
    graph = sides.graph
    centers, strides = cell_centers(size)
    distribution = graph.op("Softmax", sides.reshape(0, 0, 4, BINS), axis=3)
    distances = (distribution @ np.arange(BINS, dtype=np.float32).reshape(BINS, 1)).reshape(0, 0, 4)
    outward = distances * graph.op("Gather", graph.constant(strides), cells, axis=0) * _OUTWARD
    center = graph.op("Gather", graph.constant(np.tile(centers, (1, 2))), cells, axis=0)
    return (center + outward).clip(0.0, float(size))
