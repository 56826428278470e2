"""Person detection over a window of frames: one batch for the detector model."""

from collections.abc import Mapping, Sequence

import numpy as np

from tracker_service.errors import InferenceFailedError, ModelContractError
from tracker_service.inference.client import InferenceClient, Tensor, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.people.letterbox import letterbox
from tracker_service.types import Detections, Frame


class PersonDetector:
    """Finds people with a served detector (design: ``images`` in, ``boxes`` and ``scores`` out).

    Args:
        client: runs the model.
        model: its name.
        masks: also ask for ``masks``, UINT8 [boxes, h, w], each over its own box, 0 to 255, if the model has them.

    Raises:
        ModelContractError: the model's tensors are not those of the design.
    """

    def __init__(self, client: InferenceClient, model: str, *, masks: bool = False) -> None:
        self._client = client
        self._model = model
        spec = client.signature(model)
        outputs = {
            "boxes": TensorSpec("boxes", np.dtype(np.float32), (None, 4)),
            "scores": TensorSpec("scores", np.dtype(np.float32), (None,)),
        }
        if masks and "masks" in spec.outputs:
            outputs["masks"] = TensorSpec("masks", np.dtype(np.uint8), (None, None, None))
        self._outputs = list(outputs)
        inputs = {"images": TensorSpec("images", np.dtype(np.uint8), (None, None, 3))}
        require_tensors(spec, inputs=inputs, outputs=outputs)
        height, width, _ = spec.inputs["images"].shape
        if height is None or width is None:
            raise ModelContractError(f"model {model}, input images: expected a fixed size, got {height}x{width}")
        self._size = (width, height)

    @property
    def side(self) -> int:
        """Shorter side of the model's input, pixels."""
        return min(self._size)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Return the detections of each frame, in its own pixels, best score first, without any gate."""
        batch = np.empty((len(frames), *self._size[::-1], 3), np.uint8)
        places = [letterbox(frame.picture, self._size, out=row)[1] for frame, row in zip(frames, batch, strict=True)]
        answer = self._client.infer(self._model, {"images": batch}, self._outputs)
        _check(self._model, answer)
        found = []
        for row, place in enumerate(places):
            keep = answer["scores"][row] > 0
            masks = answer["masks"][row][keep] if "masks" in answer else None
            boxes = place.boxes_to_source(answer["boxes"][row][keep])
            found.append(Detections(boxes, answer["scores"][row][keep], masks))
        return found


def _check(model: str, answer: Mapping[str, Tensor]) -> None:
    """Refuse what no detector may answer; scores of 0 and less stand for no box, whatever its corners are."""
    scores, boxes = answer["scores"], answer["boxes"][answer["scores"] > 0]
    if not np.isfinite(scores).all() or not np.isfinite(boxes).all():
        raise InferenceFailedError(f"model {model}: expected finite boxes and scores, got others")
    if (boxes[:, 2:] < boxes[:, :2]).any():
        raise InferenceFailedError(f"model {model}: expected boxes x1 y1 x2 y2, got some whose corners are exchanged")
