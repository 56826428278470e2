"""Parts of a detector's graph that follow its network: picking rows, and the suppression of duplicates."""

import numpy as np

from export.lite.onnx.graph_builder import Value


def rows(table: Value, indices: Value) -> Value:
    """Pick rows [N, k, c] of each image's ``table`` [N, cells, c]; ``indices`` is [N, k]."""
    return table.graph.op("GatherND", table, indices.reshape(0, 0, 1), batch_dims=1)


def suppressed(boxes: Value, scores: Value, *, people: int, iou: float, floor: float) -> Value:
    """Return [N, k]: 1 where a box is kept, 0 where it overlaps a better one or scores below the floor.

    Args:
        boxes: [N, k, 4] x1 y1 x2 y2.
        scores: [N, k].
        people: most boxes kept in an image.
        iou: overlap above which the lower of two boxes is dropped.
        floor: lowest score that is kept.
    """
    graph = boxes.graph
    selected = graph.op(
        "NonMaxSuppression",
        boxes,
        scores.reshape(0, 1, -1),
        np.array([people], np.int64),
        np.array([iou], np.float32),
        np.array([floor], np.float32),
    )
    nothing = scores * np.float32(0)
    ones = selected.take(0, axis=1).cast(np.float32) * np.float32(0) + np.float32(1)
    return graph.op("ScatterND", nothing, selected.take([0, 2], axis=1), ones)


def best_first(boxes: Value, scores: Value, people: int) -> tuple[Value, Value]:
    """Return boxes [N, people, 4] and scores [N, people] in order of falling score, zero where there is none."""
    graph = boxes.graph
    best, order = graph.ops("TopK", scores, np.array([people], np.int64), outputs=2, axis=1)
    present = graph.op("Greater", best, np.float32(0)).cast(np.float32)
    return rows(boxes, order) * present.reshape(0, 0, 1), best
