"""Synthetic texture maps and the golden appearance encoder, from the recipe of the golden data."""

from functools import lru_cache

import numpy as np

from tracker_service.phalp.appearance import TextureEncoder
from tracker_service.types import Float32

_LAYERS = (("conv1x", 4, 16), ("conv2", 16, 64), ("conv3", 64, 128), ("conv4", 128, 256), ("conv5", 256, 256))
_LAST = ("conv5_1", 256, 16)


def texture_map(person: int, noise: int) -> Float32:
    """Return the map (4, 256, 256) of two seeds."""
    rs = np.random.RandomState(person)
    colour = (2 * rs.random_sample((3, 16, 16)) - 1) * 0.45
    visible = rs.random_sample((16, 16)) < 0.55
    rn = np.random.RandomState(noise)
    grain = (2 * rn.random_sample((3, 32, 32)) - 1) * 0.05
    visible &= ~(rn.random_sample((16, 16)) < 0.1)
    image = np.kron(colour, np.ones((1, 16, 16))) + np.kron(grain, np.ones((1, 8, 8)))
    mask = np.kron(visible, np.ones((16, 16), np.bool_))
    return np.concatenate([np.where(mask, image, 0), np.where(mask, 1, -1)[None]]).astype(np.float32)


@lru_cache
def encoder_weights(seed: int) -> dict[str, tuple[Float32, Float32]]:
    """Return weight and bias of every layer."""
    rs = np.random.RandomState(seed)
    weights = {}
    for name, inputs, outputs in (*_LAYERS, _LAST):
        gain = np.sqrt(6 / (9 * inputs)) * (6 if name == "conv5_1" else 1)
        weight = ((2 * rs.random_sample((outputs, inputs, 3, 3)) - 1) * gain).astype(np.float32)
        weights[name] = weight, ((2 * rs.random_sample(outputs) - 1) * 0.1).astype(np.float32)
    return weights


def encoder(seed: int) -> TextureEncoder:
    """Return the encoder with the recipe's weights: 3x3 convolutions, ReLU, and pooling after the first four."""
    weights = encoder_weights(seed)

    def encode(maps: Float32) -> Float32:
        embeddings = []
        for image in maps:
            x = np.ascontiguousarray(image.transpose(1, 2, 0))
            for layer, (weight, bias) in enumerate(weights.values()):
                x = np.maximum(_convolve(x, weight) + bias, 0)
                if layer < 4:
                    x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max(axis=(1, 3))
            embeddings.append(x.transpose(2, 0, 1).reshape(-1))
        return np.stack(embeddings)

    return encode


def _convolve(image: Float32, weight: Float32) -> Float32:
    """Return the 3x3 convolution (H, W, out) of (H, W, in) with zero padding."""
    height, width, channels = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    result = np.zeros((height * width, len(weight)), np.float32)
    for row in range(3):
        for column in range(3):
            part = padded[row : row + height, column : column + width].reshape(-1, channels)
            result += part @ weight[:, :, row, column].T
    return result.reshape(height, width, -1)
