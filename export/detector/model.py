"""A DETR-like detector as the `detector` graph: uint8 letterboxed frames in, the best 100 people out.

RT-DETRv2 (Lv et al., 2024) and D-FINE (Peng et al., ICLR 2025) predict a set of boxes without duplicates, so that
decoding needs no suppression: it is a sigmoid, a sort and a change of box format.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT_NAMES = ("images",)
OUTPUT_NAMES = ("boxes", "scores")
MOST_PEOPLE = 100
"""Boxes per frame, the best ones; the rest are zero."""


class PersonDetector(nn.Module):
    """Runs the network and decodes its people.

    Args:
        network: module of the transformers library with outputs ``logits`` and ``pred_boxes``.
        person: index of the class "person".
    """

    def __init__(self, network: nn.Module, person: int) -> None:
        super().__init__()
        self.network = network
        self.person = person

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Detect people.

        Args:
            images: (B, H, W, 3) uint8 RGB, letterboxed to the size the model is exported for.

        Returns:
            (B, 100, 4) FP32 boxes x1 y1 x2 y2 in pixels of the input, clipped to it, and (B, 100) FP32 scores, best
            first. A network with fewer queries gives zero boxes with score zero in the last rows.
        """
        height, width = images.shape[1:3]
        weight_type = next(self.network.parameters()).dtype
        # TensorRT takes bytes only where they are converted at once: the axes change places afterwards.
        values = images.to(weight_type).permute(0, 3, 1, 2) / 255
        result: Any = self.network(pixel_values=values, return_dict=True)
        scores = result.logits[..., self.person].float().sigmoid()
        missing = max(0, MOST_PEOPLE - scores.shape[1])
        scores = functional.pad(scores, (0, missing))
        boxes = functional.pad(result.pred_boxes.float(), (0, 0, 0, missing))
        best = torch.topk(scores, MOST_PEOPLE, dim=1)
        boxes = boxes.gather(1, best.indices[..., None].expand(-1, -1, 4))
        centre, half = boxes[..., :2], boxes[..., 2:] / 2
        corners = torch.cat((centre - half, centre + half), dim=-1).clamp(0, 1)
        x1, y1, x2, y2 = corners.unbind(-1)
        return torch.stack((x1 * width, y1 * height, x2 * width, y2 * height), dim=-1), best.values
