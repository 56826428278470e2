"""FLNet: a picture's field of view from what all resolutions of an HRNet see."""

import torch
from torch import Tensor, nn

from export.hmr2.model import CropNormalisation
from export.vfov.hrnet import W48, Hrnet, HrnetSizes, downsampling

INPUT_NAMES, OUTPUT_NAMES = ("image",), ("vfov",)
SIDE = 256
_HIDDEN, _READOUT = 1024, 2
_VERTICAL = 1
"""Of the two numbers that are read out: the vertical field of view."""


class _Features(Hrnet):
    """The network, and what brings its finer branches to the resolution of the coarsest."""

    def __init__(self, sizes: HrnetSizes) -> None:
        super().__init__(sizes)
        self.downsample_stage_1, self.downsample_stage_2, self.downsample_stage_3 = downsampling(sizes)

    def together(self, image: Tensor) -> Tensor:
        """Return (B, 15 width, H / 32, W / 32) features of all branches, the finest first."""
        first, second, third, last = self(image)
        finer = (self.downsample_stage_1(first), self.downsample_stage_2(second), self.downsample_stage_3(third))
        return torch.cat((*finer, last), dim=1)


class FieldOfView(nn.Module):
    """The whole network. Upstream has another layer between the two linear ones, which it does not use.

    Args:
        sizes: widths and depths; the published ones by default.
    """

    def __init__(self, sizes: HrnetSizes = W48) -> None:
        super().__init__()
        self.normalisation = CropNormalisation()
        with torch.device("meta"):
            self.backbone = _Features(sizes)
            self.fc1 = nn.Linear(sum(sizes.widths(4)), _HIDDEN)
            self.fc3 = nn.Linear(_HIDDEN, _READOUT)

    def forward(self, image: Tensor) -> Tensor:
        """Return (B, 1) vertical fields of view, radians.

        Args:
            image: (B, 256, 256, 3) uint8 RGB, a whole picture in the middle of white.
        """
        features = self.backbone.together(self.normalisation(image)).mean(dim=(2, 3))
        readout: Tensor = self.fc3(self.fc1(features))
        return readout[:, _VERTICAL : _VERTICAL + 1]
