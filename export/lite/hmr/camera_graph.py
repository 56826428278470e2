"""The weak-perspective camera that puts the output joints onto the landmarks in the crop."""

import numpy as np

from export.lite.onnx_graph import Value

PAIRS: tuple[tuple[int, int], ...] = (
    # output joint, landmark
    (5, 11),
    (2, 12),
    (6, 13),
    (3, 14),
    (7, 15),
    (4, 16),
    (12, 23),
    (9, 24),
    (13, 25),
    (10, 26),
    (14, 27),
    (11, 28),
    (0, 0),
    (18, 7),
    (17, 8),
)
HALF_CROP = 128.0


def fitted_camera(joints: Value, points: Value, weights: Value) -> Value:
    """Return [N, 3] (s, tx, ty): s (X + t) is nearest to the landmarks, in units of half the crop.

    Args:
        joints: [N, 44, 3] model space.
        points: [N, 33, 2] landmarks in crop pixels.
        weights: [N, 33, 1] positive; a landmark with a higher weight pulls the body harder.
    """
    graph = joints.graph
    model = joints.take([p[0] for p in PAIRS], 1).take([0, 1], 2)
    pixels = points.take([p[1] for p in PAIRS], 1)
    share = weights.take([p[1] for p in PAIRS], 1)
    share = share / share.sum(1)
    target = pixels * np.float32(1 / HALF_CROP) - np.float32(1)
    model_mean, target_mean = (share * model).sum(1), (share * target).sum(1)
    centred = model - model_mean
    weighted = share * centred
    scale = _total(weighted * (target - target_mean)) / (_total(weighted * centred) + np.float32(1e-6))
    scale = scale.clip(0.05, 10.0)
    shift = target_mean / scale - model_mean
    return graph.op("Concat", scale.reshape(0, 1), shift.reshape(0, 2), axis=1)


def _total(a: Value) -> Value:
    return a.graph.op("ReduceSum", a, np.array([1, 2], np.int64), keepdims=1)


