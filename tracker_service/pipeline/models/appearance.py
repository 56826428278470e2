"""How the people of a window look: PHALP's learned embedding where the model set has one, else a colour descriptor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tracker_service.errors import ModelContractError, ModelNotFoundError
from tracker_service.inference.client import InferenceClient, Tensor, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.people.appearance import describe
from tracker_service.people.cameras import project_to_crop
from tracker_service.people.crops import CROP_SIZE, crop_masks
from tracker_service.pipeline.models.bodies import Bodies, Candidates
from tracker_service.types import Float32, Squares, UInt8

_INSIDE = 128
"""Grey level of a cut-out mask from which a pixel is the person's."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """How the n people of a frame look.

    Attributes:
        embedding: (n, k) float32.
        uv_maps: (n, 4, 256, 256) float32 texture maps, channel 3 is +1 where visible and -1 elsewhere; or None.
    """

    embedding: Float32
    uv_maps: Float32 | None = None


class AppearanceModel(Protocol):
    """Says how people look."""

    def describe(self, candidates: Sequence[Candidates], bodies: Sequence[Bodies]) -> list[Appearance]:
        """Return how the people of every frame of a window look; a frame's do not depend on the other frames."""
        ...


class ColourAppearance:
    """Colours along the skeleton (`tracker_service.people.appearance`)."""

    def describe(self, candidates: Sequence[Candidates], bodies: Sequence[Bodies]) -> list[Appearance]:  # noqa: ARG002
        """See `AppearanceModel.describe`."""
        crops = [crop for frame in bodies for crop in frame.crops]
        joints = np.concatenate([frame.estimates.joints_3d for frame in bodies])
        cameras = np.concatenate([frame.estimates.crop_cameras for frame in bodies])
        embedding = describe(crops, project_to_crop(joints, cameras))
        return by_frame({"embedding": embedding}, [len(frame.crops) for frame in bodies])


class LearnedAppearance:
    """PHALP's texture embedding, from a served model that reads the body's texture off the crop.

    Args:
        client: runs the model.
        model: its name.
        maps: also ask for the texture maps (1 MB a person), which the texture term of association compares.

    Raises:
        ModelNotFoundError: there is no such model; the message says what to do without it.
        ModelContractError: the model's tensors are not those of the design.
    """

    def __init__(self, client: InferenceClient, model: str, *, maps: bool) -> None:
        self._client = client
        self._model = model
        try:
            spec = client.signature(model)
        except ModelNotFoundError as error:
            raise ModelNotFoundError(
                f"{error}; `python -m export {model}` builds it, phalp.appearance=color does without"
            ) from error
        shapes: dict[str, tuple[type[np.generic], tuple[int | None, ...]]] = {
            "crops": (np.uint8, (CROP_SIZE, CROP_SIZE, 3)),
            "masks": (np.uint8, (CROP_SIZE, CROP_SIZE)),
            "vertices": (np.float32, (None, 3)),
            "pred_cam": (np.float32, (3,)),
        }
        outputs = {"embedding": TensorSpec("embedding", np.dtype(np.float32), (None,))}
        if maps:
            outputs["uv_map"] = TensorSpec("uv_map", np.dtype(np.float16), (4, None, None))
        self._outputs = list(outputs)
        inputs = {name: TensorSpec(name, np.dtype(kind), shape) for name, (kind, shape) in shapes.items()}
        require_tensors(spec, inputs=inputs, outputs=outputs)

    def describe(self, candidates: Sequence[Candidates], bodies: Sequence[Bodies]) -> list[Appearance]:
        """See `AppearanceModel.describe`; the bodies need their meshes."""
        masks = [masks_of(seen, frame.squares) for seen, frame in zip(candidates, bodies, strict=True)]
        inputs: dict[str, Tensor] = {
            "crops": np.concatenate([frame.crops for frame in bodies]),
            "masks": np.concatenate(masks),
            "vertices": np.concatenate([_mesh(frame) for frame in bodies]),
            "pred_cam": np.concatenate([frame.estimates.crop_cameras for frame in bodies]),
        }
        answer = self._client.infer(self._model, inputs, self._outputs)
        return by_frame(answer, [len(of_frame) for of_frame in masks])


def by_frame(answer: Mapping[str, Tensor], counts: Sequence[int]) -> list[Appearance]:
    """Return how the people of every frame look, from a model's answer for all of them, so many a frame."""
    borders = np.cumsum(counts)[:-1]
    embeddings = np.split(answer["embedding"], borders)
    if "uv_map" not in answer:
        return [Appearance(embedding) for embedding in embeddings]
    maps = np.split(answer["uv_map"].astype(np.float32), borders)
    return [Appearance(*parts) for parts in zip(embeddings, maps, strict=True)]


def masks_of(seen: Candidates, squares: Squares) -> UInt8:
    """Return (n, 256, 256) uint8: which pixels of each crop are the person's; all of them where no mask is known.

    Args:
        seen: the people's boxes.
        squares: the n cropped squares.
    """
    if seen.detections.masks is None:
        return np.full((len(squares), CROP_SIZE, CROP_SIZE), 255, np.uint8)
    cut = crop_masks(seen.detections.masks, seen.detections.boxes, squares)
    return np.where(cut >= _INSIDE, np.uint8(255), np.uint8(0))


def _mesh(bodies: Bodies) -> Float32:
    if bodies.estimates.vertices is None:
        raise ModelContractError("appearance: expected the bodies' vertices, got none")
    return bodies.estimates.vertices
