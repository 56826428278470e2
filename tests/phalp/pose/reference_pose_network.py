"""The pose transformer's network in numpy as upstream runs it: all frames, masked logits (reduced golden weights)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from tracker_service.phalp.pose.pose_prediction import PendingPoses
from tracker_service.phalp.pose.pose_transformer import PoseNetwork
from tracker_service.types import Bool, Float32, Int64

Weights = Mapping[str, NDArray[np.float32]]
Tokens = NDArray[np.float32]


def pose_network(arrays: Mapping[str, NDArray[Any]]) -> PoseNetwork:
    """Return the network with the weights and sizes of the golden file."""
    prefix = "weight/encoder."
    weights = {k.removeprefix(prefix): v.astype(np.float32) for k, v in arrays.items() if k.startswith(prefix)}
    heads, stride, pad = (int(arrays[name]) for name in ("heads", "conv_stride", "conv_pad"))
    mean = np.pad(arrays["mean_std"][0, 0], (0, 3))
    std = np.pad(arrays["mean_std"][1, 0], (0, 3), constant_values=1)

    def run(poses: Float32, empty: Bool, target: Int64) -> Float32:
        normal = ((poses - mean) / (std + 1e-10)).astype(np.float32)
        hidden = linear(np.maximum(linear(normal, weights, "pose_shape_encoder.0"), 0), weights, "pose_shape_encoder.2")
        hidden = np.where(empty[..., None], weights["mask_token"], hidden) + weights["pos_embedding_learned1"]
        for layer in range(int(arrays["depth"])):
            hidden = block(hidden, weights, f"transformer1.layers.{layer}", heads, empty)
        hidden = np.stack([through_time(track, weights, stride, pad) for track in hidden])
        hidden = hidden + weights["pos_embedding_learned2"]
        hidden = block(hidden, weights, "transformer2.layers.0", heads, np.zeros_like(empty))
        return read_out(hidden[np.arange(len(target)), target], weights)

    def begin(poses: Float32, frames: Int64, target: Int64) -> PendingPoses:
        length = int(arrays["frame_length"])
        slots, empty = np.zeros((len(poses), length, 229), np.float32), np.ones((len(poses), length), np.bool_)
        rows, columns = np.nonzero(frames >= 0)
        slots[rows, frames[rows, columns]] = poses[rows, columns]
        empty[rows, frames[rows, columns]] = False
        return lambda: run(slots, empty, np.minimum(target[:, 0], length - 1))

    return begin


def linear(x: Tokens, weights: Weights, name: str) -> Tokens:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", np.float32(0)))


def layer_norm(x: Tokens, weights: Weights, name: str) -> Tokens:
    centred = x - x.mean(axis=-1, keepdims=True)
    normal = centred / np.sqrt(centred.var(axis=-1, keepdims=True) + 1e-5)
    return np.asarray(normal * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def block(x: Tokens, weights: Weights, name: str, heads: int, masked: Bool) -> Tokens:
    n, length, _ = x.shape
    qkv = linear(layer_norm(x, weights, f"{name}.0.norm"), weights, f"{name}.0.fn.to_qkv")
    query, key, value = np.moveaxis(qkv.reshape(n, length, 3, heads, -1), (2, 3), (0, 2))
    logits = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    logits = np.where(masked[:, None, None, :], np.float32(-1000), logits)
    weight = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weight /= weight.sum(axis=-1, keepdims=True)
    mixed = np.moveaxis(weight @ value, 1, 2).reshape(n, length, -1)
    x = x + linear(mixed, weights, f"{name}.0.fn.to_out.0")
    hidden = linear(layer_norm(x, weights, f"{name}.1.norm"), weights, f"{name}.1.fn.net.0")
    hidden = (hidden * (0.5 + 0.5 * erf(hidden / np.sqrt(2)))).astype(np.float32)
    return x + linear(hidden, weights, f"{name}.1.fn.net.3")


def through_time(x: Tokens, weights: Weights, stride: int, pad: int) -> Tokens:
    """Convolve a track's tokens (length, D) over time with ``stride``, then back by the transposed convolution."""
    down, up = weights["conv_en.weight"], weights["conv_de.weight"]
    kernel, length = down.shape[2], len(x)
    padded = np.pad(x, ((pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=0)[::stride]
    coarse = np.einsum("tik,oik->to", windows, down) + weights["conv_en.bias"]
    fine = np.zeros(((len(coarse) - 1) * stride + kernel, x.shape[1]), np.float32)
    for position, token in enumerate(coarse):
        start = position * stride
        fine[start : start + kernel] += np.einsum("i,iok->ko", token, up)
    return np.asarray(fine[pad : pad + length] + weights["conv_de.bias"])


def read_out(token: Tokens, weights: Weights) -> Float32:
    """Return pose vectors (n, 229): the three-step regressor, and the location head."""
    n = len(token)
    parts = {
        "decpose": np.repeat(weights["smpl_head.0.init_body_pose"], n, axis=0),
        "decshape": np.repeat(weights["smpl_head.0.init_betas"], n, axis=0),
        "deccam": np.repeat(weights["smpl_head.0.init_cam"], n, axis=0),
    }
    for _ in range(3):
        hidden = np.concatenate([token, *parts.values()], axis=1)
        for name in ("fc1", "fc2"):
            hidden = linear(hidden, weights, f"smpl_head.0.{name}")
            hidden = np.maximum(hidden, 0)
        parts = {name: part + linear(hidden, weights, f"smpl_head.0.{name}") for name, part in parts.items()}
    location = token
    for layer in (0, 2):
        location = np.maximum(linear(location, weights, f"loca_head.0.{layer}"), 0)
    location = linear(location, weights, "loca_head.0.4")
    rotations = rotation_from_6d(parts["decpose"].reshape(n, 24, 6)).reshape(n, 216)
    return np.concatenate([rotations, parts["decshape"], location], axis=1)


def rotation_from_6d(vectors: Tokens) -> Tokens:
    first = vectors[..., :3] / np.linalg.norm(vectors[..., :3], axis=-1, keepdims=True)
    second = vectors[..., 3:] - (first * vectors[..., 3:]).sum(axis=-1, keepdims=True) * first
    second /= np.linalg.norm(second, axis=-1, keepdims=True)
    return np.stack([first, second, np.cross(first, second)], axis=-1)
