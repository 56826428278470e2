"""Weak-perspective fits: of the landmarks in space to the image, and of the posed body to the image."""

import numpy as np

from export.lite.hmr.blazepose import FITTED
from export.lite.onnx.graph_builder import Value

HALF_CROP = 128.0


def half_crop_units(pixels: Value) -> Value:
    """Crop pixels to -1..1 across the crop."""
    return pixels * np.float32(1 / HALF_CROP) - np.float32(1)


def shares(visibility: Value) -> Value:
    """Return [N, k, 1] weights of the fitted landmarks, sum 1, from visibility logits [N, 33, 1].

    The 0.05 keeps the fit defined when nothing is visible.
    """
    weights = visibility.graph.op("Sigmoid", visibility.take(FITTED, 1)) + np.float32(0.05)
    return weights / weights.sum(1)


def similarity(model: Value, image: Value, share: Value) -> tuple[Value, Value]:
    """Return scale [N, 1, 1] and shift [N, 1, 2]: scale (model + shift) is nearest to ``image``, least squares.

    Args:
        model: [N, 33, 2] x and y in metres.
        image: [N, 33, 2] the same points in half crops.
        share: [N, k, 1] weights of the fitted ones among them.
    """
    model, image = model.take(FITTED, 1), image.take(FITTED, 1)
    model_mean, image_mean = (share * model).sum(1), (share * image).sum(1)
    centred = model - model_mean
    weighted = share * centred
    scale = _total(weighted * (image - image_mean)) / (_total(weighted * centred) + np.float32(1e-6))
    scale = scale.clip(0.05, 10.0)
    return scale, image_mean / scale - model_mean


def aligned(world: Value, image: Value, share: Value, trust: float) -> Value:
    """Return [N, 33, 3] world landmarks whose x and y are drawn towards what the image shows.

    Args:
        world: [N, 33, 3] metres.
        image: [N, 33, 2] half crops.
        share: as in `similarity`.
        trust: 0 keeps the world landmarks, 1 takes x and y from the image; depth is always the world landmarks'.
    """
    flat, depth = world.graph.ops("Split", world, np.array([2, 1], np.int64), outputs=2, axis=2)
    scale, shift = similarity(flat, image, share)
    seen = image / scale - shift
    return world.graph.op("Concat", flat + (seen - flat) * np.float32(trust), depth, axis=2)


def _total(a: Value) -> Value:
    return a.graph.op("ReduceSum", a, np.array([1, 2], np.int64), keepdims=1)
