"""The tracker's own networks behind an inference client: the texture encoder and the pose transformer."""

import numpy as np

from tracker_service.errors import ModelContractError
from tracker_service.inference.client import InferenceClient, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.phalp.appearance import TextureEncoder
from tracker_service.phalp.pose_transformer import TransformerPosePredictor
from tracker_service.types import POSE_SIZE, Bool, Float32, Int64


def texture_encoder(client: InferenceClient, model: str) -> TextureEncoder:
    """Return the served encoder of texture maps as the tracker calls it.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelContractError: the model's tensors are not those of the design.
    """
    require_tensors(
        client.signature(model),
        inputs={"uv_map": TensorSpec("uv_map", np.dtype(np.float16), (4, None, None))},
        outputs={"embedding": TensorSpec("embedding", np.dtype(np.float32), (None,))},
    )

    def encode(maps: Float32) -> Float32:
        return client.infer(model, {"uv_map": maps.astype(np.float16)}, ["embedding"])["embedding"]

    return encode


def pose_transformer(client: InferenceClient, model: str, *, shared_target: bool = False) -> TransformerPosePredictor:
    """Return the exported pose predictor as the tracker calls it.

    Args:
        client: runs it, in this process: it is small, and the tracker waits for it in every frame.
        model: its name.
        shared_target: repeat upstream's indexing defect, see `TransformerPosePredictor`.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelContractError: the model's tensors are not those of the design.
    """
    spec = client.signature(model)
    require_tensors(
        spec,
        inputs={
            "poses": TensorSpec("poses", np.dtype(np.float32), (None, POSE_SIZE)),
            "empty": TensorSpec("empty", np.dtype(np.bool_), (None,)),
            "target": TensorSpec("target", np.dtype(np.int64), ()),
        },
        outputs={"pose": TensorSpec("pose", np.dtype(np.float32), (POSE_SIZE,))},
    )
    frame_length = spec.inputs["poses"].shape[0]
    if frame_length is None:
        raise ModelContractError(f"model {model}, input poses: expected a fixed number of frames, got a free one")

    def run(poses: Float32, empty: Bool, target: Int64) -> Float32:
        return client.infer(model, {"poses": poses, "empty": empty, "target": target}, ["pose"])["pose"]

    return TransformerPosePredictor(run, frame_length, shared_target=shared_target)
