"""The encoder half of PHALP's appearance autoencoder: a texture map to 4096 numbers."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.hmr2.backbone import in_type_of
from export.weights.checkpoint import Shape

INPUT_NAMES, OUTPUT_NAMES = ("uv_map",), ("embedding",)
"""Of the graph of the encoder alone, `appearance_encoder`."""
ATLAS_SIZE = 256
CHANNELS = {
    "conv1x": (4, 16),
    "conv2": (16, 64),
    "conv3": (64, 128),
    "conv4": (128, 256),
    "conv5": (256, 256),
    "conv5_1": (256, 16),
}
"""Input and output channels of each 3 x 3 convolution, by its published name."""
_POOLED = ("conv1x", "conv2", "conv3", "conv4")


class AppearanceEncoder(nn.Module):
    """Six convolutions with ReLU, the first four followed by 2 x 2 max pooling; 1.9 GFLOP a map."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({name: nn.Conv2d(*sides, 3, padding=1) for name, sides in CHANNELS.items()})

    def forward(self, uv_map: Tensor) -> Tensor:
        """Return (B, 4096) FP32 embeddings, channel by channel; distances divide them by 1000.

        Args:
            uv_map: (B, 4, 256, 256) colour / 5 in the network's normalisation, and alpha (1 or -1).
        """
        values = uv_map
        for name, layer in self.layers.items():
            assert isinstance(layer, nn.Conv2d)  # noqa: S101  (for the type checker)
            values = functional.relu(layer(in_type_of(layer, values)))
            if name in _POOLED:
                values = functional.max_pool2d(values, 2)
        return torch.flatten(values, 1).float()


def expected_shapes() -> dict[str, Shape]:
    """Return the shape of every tensor by its published name after the prefix."""
    weights: dict[str, Shape] = {f"{name}.weight": (rows, columns, 3, 3) for name, (columns, rows) in CHANNELS.items()}
    return weights | {f"{name}.bias": (rows,) for name, (_, rows) in CHANNELS.items()}
