"""Real models with some of their detections taken away."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.people.letterbox import letterbox
from tracker_service.types import Bool, Float32, UInt8


def _digest(row: Tensor) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest()


class FilteredDetector:
    """A client whose detector finds only the people that a filter keeps.

    Args:
        client: the real one.
        model: name of the detector.
        images: the frames, by number; a frame is recognised by the detector's input.
        keeps: returns for a frame and its (n, 4) boxes in source pixels which (n,) of them are kept.
    """

    def __init__(
        self,
        client: InferenceClient,
        model: str,
        images: Mapping[int, UInt8],
        keeps: Callable[[int, Float32], Bool],
    ) -> None:
        self._client = client
        self._model = model
        self._keeps = keeps
        height, width, _ = client.signature(model).inputs["images"].shape
        assert height is not None
        assert width is not None
        boxed = {number: letterbox(image, (width, height)) for number, image in images.items()}
        self._frames = {_digest(canvas): (number, box) for number, (canvas, box) in boxed.items()}

    def signature(self, model: str) -> ModelSpec:
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        answer = self._client.infer(model, inputs, outputs)
        if model != self._model:
            return answer
        scores = answer["scores"].copy()
        for row, canvas in enumerate(inputs["images"]):
            number, box = self._frames[_digest(canvas)]
            scores[row, ~self._keeps(number, box.boxes_to_source(answer["boxes"][row]))] = 0
        return {**answer, "scores": scores}

    def close(self) -> None:
        self._client.close()
