"""Body regression over a window of frames: one batch of person crops for the HMR model."""

import numpy as np

from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.inference.model_repository import built_by
from tracker_service.people.crops import CROP_SIZE
from tracker_service.people.estimates import BodyEstimates
from tracker_service.types import UInt8
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE

_OUTPUTS: dict[str, tuple[int, ...]] = {
    "global_orient": GLOBAL_ORIENT_SHAPE,
    "body_pose": BODY_POSE_SHAPE,
    "betas": BETAS_SHAPE,
    "pred_cam": (3,),
    "joints_3d": (NUMBER_OF_HMR_JOINTS, 3),
    "presence": (1,),
}


class BodyRegressor:
    """Regresses SMPL bodies with a served HMR model (design: ``crops`` in, the HMR contract out).

    Args:
        client: runs the model.
        model: its name.
        mesh: also ask for the vertices (83 kB a person). The results of a run do not need them: the mesh follows from
            the parameters.
        command: what builds the model, to be named where it is not there.

    Raises:
        ModelNotFoundError: there is no such model.
        ModelContractError: the model's tensors are not those of the design.
    """

    def __init__(self, client: InferenceClient, model: str, *, mesh: bool = False, command: str | None = None) -> None:
        self._client = client
        self._model = model
        shapes: dict[str, tuple[int | None, ...]] = {**_OUTPUTS, **({"vertices": (None, 3)} if mesh else {})}
        self._outputs = list(shapes)
        try:
            spec = client.signature(model)
        except ModelNotFoundError as error:
            raise error if command is None else built_by(error, command) from error
        require_tensors(
            spec,
            inputs={"crops": TensorSpec("crops", np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3))},
            outputs={name: TensorSpec(name, np.dtype(np.float32), shape) for name, shape in shapes.items()},
        )

    def regress(self, crops: UInt8) -> BodyEstimates:
        """Return the bodies of (n, 256, 256, 3) RGB crops, in the crops' own frame."""
        return BodyEstimates.from_tensors(self._client.infer(self._model, {"crops": crops}, self._outputs))
