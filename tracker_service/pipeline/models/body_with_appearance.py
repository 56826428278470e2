"""Bodies and how they look in one call, where a server runs both models on the same crops."""

from collections.abc import Sequence

import numpy as np

from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.model_sets import ModelSet
from tracker_service.people.crops import CROP_SIZE, crop_each
from tracker_service.people.estimates import BodyEstimates
from tracker_service.pipeline.models.appearance import Appearance, by_frame, masks_of
from tracker_service.pipeline.models.bodies import Bodies, Candidates
from tracker_service.pipeline.models.regression import OUTPUTS
from tracker_service.pipeline.stage_times import StageTimes


class BodyWithAppearance:
    """Runs a served ensemble: crops go up once, and the vertices between its two models stay where they are.

    Args:
        client: runs it.
        model: its name.
        maps: also ask for the texture maps, see `LearnedAppearance`.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelContractError: the model's tensors are not those of the design.
    """

    def __init__(self, client: InferenceClient, model: str, *, maps: bool) -> None:
        self._client, self._model = client, model
        outputs = {name: TensorSpec(name, np.dtype(np.float32), shape) for name, shape in OUTPUTS.items()}
        outputs["embedding"] = TensorSpec("embedding", np.dtype(np.float32), (None,))
        if maps:
            outputs["uv_map"] = TensorSpec("uv_map", np.dtype(np.float16), (4, None, None))
        inputs = {
            "crops": TensorSpec("crops", np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3)),
            "masks": TensorSpec("masks", np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE)),
        }
        require_tensors(client.signature(model), inputs=inputs, outputs=outputs)
        self._outputs = list(outputs)

    @classmethod
    def where_served(cls, client: InferenceClient, models: ModelSet, *, maps: bool) -> "BodyWithAppearance | None":
        """Return the ensemble of a model set, None where it has none, is not served, or crops are turned in between."""
        if models.hmr_with_appearance is None or models.align_crops:
            return None
        try:
            return cls(client, models.hmr_with_appearance, maps=maps)
        except ModelNotFoundError:
            return None

    def describe(self, candidates: Sequence[Candidates], times: StageTimes) -> tuple[list[Bodies], list[Appearance]]:
        """Return the bodies of every frame of a window and how they look; one batch for all of them.

        Args:
            candidates: one entry a frame.
            times: counts busy seconds.
        """
        with times.measure("crops"):
            every_crop, crops = crop_each(
                [frame.picture for frame in candidates], [frame.squares for frame in candidates]
            )
            masks = [masks_of(frame, frame.squares) for frame in candidates]
        with times.measure("bodies"):
            inputs = {"crops": every_crop, "masks": np.concatenate(masks)}
            answer = self._client.infer(self._model, inputs, self._outputs)
        every = BodyEstimates.from_tensors({name: answer[name] for name in OUTPUTS})
        counts = [len(of_frame) for of_frame in crops]
        ends = np.cumsum(counts)
        rows = [np.arange(end - count, end) for end, count in zip(ends, counts, strict=True)]
        bodies = [
            Bodies(frame.squares, of_frame, every.take(own))
            for frame, of_frame, own in zip(candidates, crops, rows, strict=True)
        ]
        return bodies, by_frame(answer, counts)
