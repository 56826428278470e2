"""The tracker's own networks behind an inference client: the texture encoder and the pose transformer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tracker_service.inference.client import InferenceClient, Tensor, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.phalp.appearance import TextureEncoder
from tracker_service.phalp.pose.pose_prediction import PendingPoses
from tracker_service.phalp.pose.pose_transformer import TransformerPosePredictor
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.tracing.spans import carried
from tracker_service.types import POSE_SIZE, Float32, Int64

_PREDICTIONS_AT_ONCE = 16
"""Videos whose poses are predicted at the same time; a request of each is under way, so that a server merges them."""


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


def pose_transformer(
    client: InferenceClient, model: str, *, shared_target: bool = False, times: StageTimes | None = None
) -> TransformerPosePredictor:
    """Return the exported pose predictor as the tracker calls it.

    Args:
        client: runs it, one request for all tracks of a frame, while the frame is looked at.
        model: its name.
        shared_target: repeat upstream's indexing defect, see `TransformerPosePredictor`.
        times: counts its busy seconds.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelContractError: the model's tensors are not those of the design.
    """
    spec = client.signature(model)
    require_tensors(
        spec,
        inputs={
            "poses": TensorSpec("poses", np.dtype(np.float32), (None, POSE_SIZE)),
            "frames": TensorSpec("frames", np.dtype(np.int64), (None,)),
            "target": TensorSpec("target", np.dtype(np.int64), (1,)),
        },
        outputs={"pose": TensorSpec("pose", np.dtype(np.float32), (POSE_SIZE,))},
    )
    # Ends its threads when nobody can begin a prediction any more.
    threads = ThreadPoolExecutor(_PREDICTIONS_AT_ONCE, thread_name_prefix="poses")

    measured = StageTimes() if times is None else times

    def predict(inputs: dict[str, Tensor]) -> Float32:
        with measured.measure("poses"):
            return client.infer(model, inputs, ["pose"])["pose"]

    def begin(poses: Float32, frames: Int64, target: Int64) -> PendingPoses:
        return threads.submit(carried(predict), {"poses": poses, "frames": frames, "target": target}).result

    return TransformerPosePredictor(begin, shared_target=shared_target)
