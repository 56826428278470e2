"""Body regression over a window of frames: one batch of person crops for the HMR model."""

import numpy as np

from tracker_service.inference.client import InferenceClient, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.people.crops import CROP_SIZE
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import NUMBER_OF_JOINTS, UInt8

_OUTPUTS: dict[str, tuple[int, ...]] = {
    "global_orient": (1, 3, 3),
    "body_pose": (23, 3, 3),
    "betas": (10,),
    "pred_cam": (3,),
    "joints_3d": (NUMBER_OF_JOINTS - 1, 3),
    "presence": (1,),
}


class BodyRegressor:
    """Regresses SMPL bodies with a served HMR model (design: ``crops`` in, the HMR contract out).

    The mesh is never asked for: it follows from the parameters where somebody wants it.

    Raises:
        ModelContractError: the model's tensors are not those of the design.
    """

    def __init__(self, client: InferenceClient, model: str) -> None:
        self._client = client
        self._model = model
        require_tensors(
            client.signature(model),
            inputs={"crops": TensorSpec("crops", np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3))},
            outputs={name: TensorSpec(name, np.dtype(np.float32), shape) for name, shape in _OUTPUTS.items()},
        )

    def regress(self, crops: UInt8) -> BodyEstimates:
        """Return the bodies of (n, 256, 256, 3) RGB crops, in the crops' own frame."""
        return BodyEstimates.from_tensors(self._client.infer(self._model, {"crops": crops}, list(_OUTPUTS)))
