"""From pose tokens to the 6D rotations of joints 1 to 21: the decoder of TokenHMR's tokenizer."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from export.tokenhmr.sizes import LENGTHS, TOKENS, TokenSizes

_DILATIONS = (3, 1)


def nearest(length: int, wanted: int) -> Tensor:
    """Return the (wanted,) places that a nearest-neighbour resize of ``length`` places reads: floor(i length / wanted).

    A constant table: the resize becomes a gather, which every runtime has.
    """
    return torch.from_numpy(np.arange(wanted) * length // wanted)


class _Residual(nn.Module):
    """ReLU, convolution with holes, ReLU, pointwise convolution, added to what came in."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.point = nn.Conv1d(width, width, 1)

    def forward(self, values: Tensor) -> Tensor:
        return torch.add(values, self.point(functional.relu(self.wide(functional.relu(values)))))


class PoseTokenizer(nn.Module):
    """Codebook and decoder.

    Args:
        sizes: codes, their size and the channels.
    """

    def __init__(self, sizes: TokenSizes) -> None:
        super().__init__()
        self.codebook = nn.Parameter(torch.empty(sizes.codes, sizes.code_size))
        self.first = nn.Conv1d(sizes.code_size, sizes.width, 3, padding=1)
        self.resized = nn.ModuleList(nn.Conv1d(sizes.width, sizes.width, 3, padding=1) for _ in LENGTHS)
        self.residuals = nn.ModuleList(_Residual(sizes.width, dilation) for dilation in _DILATIONS)
        self.smooth = nn.Conv1d(sizes.width, sizes.width, 3, padding=1)
        self.out = nn.Conv1d(sizes.width, 6, 3, padding=1)
        for index, (length, wanted) in enumerate(zip((TOKENS, *LENGTHS), LENGTHS, strict=False)):
            self.register_buffer(f"places_{index}", nearest(length, wanted), persistent=False)

    def code(self, logits: Tensor) -> Tensor:
        """Return the (B, 160, code_size) expected entries of the codebook for (B, 160, codes) logits."""
        return functional.softmax(logits, dim=-1) @ self.codebook

    def forward(self, code: Tensor) -> Tensor:
        """Return (B, 21, 6) rotations of the joints 1 to 21 for (B, 160, code_size) entries."""
        values = functional.relu(self.first(code.transpose(1, 2)))
        for index, layer in enumerate(self.resized):
            values = functional.relu(layer(values.index_select(2, self.get_buffer(f"places_{index}"))))
        for residual in self.residuals:
            values = residual(values)
        pose: Tensor = self.out(self.smooth(values))
        return pose.transpose(1, 2)
