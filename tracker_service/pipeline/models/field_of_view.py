"""The field of view of a video's camera, as a served model sees it (CameraHMR's FLNet, ``vfov``)."""

from collections.abc import Sequence

import cv2
import numpy as np

from tracker_service.inference.client import InferenceClient, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.types import UInt8

SIDE = 256
"""Side of the square picture that the model looks at, pixels."""
_WHITE = 255
_NARROWEST, _WIDEST = 0.5, 170.0
"""Degrees; what a model says beyond is brought into this range."""


class FieldOfViewModel:
    """Sees the vertical field of view of pictures (design: ``image`` in, ``vfov`` out).

    Args:
        client: runs the model.
        model: its name.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelContractError: the model's tensors are not those of the design.
    """

    def __init__(self, client: InferenceClient, model: str) -> None:
        self._client, self._model = client, model
        require_tensors(
            client.signature(model),
            inputs={"image": TensorSpec("image", np.dtype(np.uint8), (SIDE, SIDE, 3))},
            outputs={"vfov": TensorSpec("vfov", np.dtype(np.float32), (1,))},
        )

    def degrees(self, images: Sequence[UInt8]) -> float:
        """Return the median of the vertical fields of view that pictures of one camera show, degrees.

        Args:
            images: at least one, (H, W, 3) uint8 RGB.
        """
        return float(np.median(self.degrees_of_each(images)))

    def degrees_of_each(self, images: Sequence[UInt8]) -> list[float]:
        """Return the vertical field of view that each picture shows, degrees; one batch."""
        pictures = np.stack([on_white(image) for image in images])
        seen = self._client.infer(self._model, {"image": pictures}, ["vfov"])["vfov"]
        return [float(degrees) for degrees in np.clip(np.degrees(seen[:, 0]), _NARROWEST, _WIDEST)]


def on_white(image: UInt8) -> UInt8:
    """Return a whole picture, its longer side `SIDE` pixels, in the middle of a white square.

    CameraHMR, ``mesh_estimator.py``: sides are cut to whole pixels, not rounded, and the value the model sees is used
    for the picture's own height, whatever the white takes.
    """
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    wide, high = max(int(width * scale), 1), max(int(height * scale), 1)
    canvas = np.full((SIDE, SIDE, 3), _WHITE, np.uint8)
    left, top = (SIDE - wide) // 2, (SIDE - high) // 2
    canvas[top : top + high, left : left + wide] = cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA)
    return canvas
