"""Body regression over a window of frames: one batch of person crops for the HMR model."""

from collections.abc import Sequence

import numpy as np

from tracker_service.errors import FocalLengthError, ModelNotFoundError
from tracker_service.inference.client import InferenceClient, Tensor, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.inference.model_repository import built_by
from tracker_service.people.crops import CROP_SIZE
from tracker_service.people.estimates import BodyEstimates
from tracker_service.people.perspective import crop_places, in_crop_axes
from tracker_service.types import Squares, UInt8
from tracker_service.types.calibration import Calibration, FocalLength
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE

OUTPUTS: dict[str, tuple[int, ...]] = {
    "global_orient": GLOBAL_ORIENT_SHAPE,
    "body_pose": BODY_POSE_SHAPE,
    "betas": BETAS_SHAPE,
    "pred_cam": (3,),
    "joints_3d": (NUMBER_OF_HMR_JOINTS, 3),
    "presence": (1,),
}
"""What is asked of every HMR model."""

_PLACE = "bbox_info"
"""Input of models that are told where a crop lies before a calibrated camera."""


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

    def __init__(
        self,
        client: InferenceClient,
        model: str,
        *,
        mesh: bool = False,
        command: str | None = None,
    ) -> None:
        self._client = client
        self._model = model
        shapes: dict[str, tuple[int | None, ...]] = {**OUTPUTS, **({"vertices": (None, 3)} if mesh else {})}
        self._outputs = list(shapes)
        try:
            spec = client.signature(model)
        except ModelNotFoundError as error:
            raise error if command is None else built_by(error, command) from error
        inputs = {"crops": TensorSpec("crops", np.dtype(np.uint8), (CROP_SIZE, CROP_SIZE, 3))}
        self._placed = _PLACE in spec.inputs
        if self._placed:
            inputs[_PLACE] = TensorSpec(_PLACE, np.dtype(np.float32), (3,))
        require_tensors(
            spec,
            inputs=inputs,
            outputs={name: TensorSpec(name, np.dtype(np.float32), shape) for name, shape in shapes.items()},
        )

    def check(self, focal: FocalLength | None) -> None:
        """Check before the first frame that a video's focal length is known where the model needs it.

        Raises:
            FocalLengthError: it needs it, and nothing tells it.
        """
        if self._placed and focal is None:
            raise _unknown_focal(self._model)

    def regress(
        self, crops: UInt8, squares: Sequence[Squares], cameras: Sequence[Calibration | None]
    ) -> list[BodyEstimates]:
        """Return the bodies in the crops of several frames, in the axes of the crops; one batch for all of them.

        Args:
            crops: (n, 256, 256, 3) RGB, those of a frame after those of the frames before it.
            squares: what the crops of each frame show.
            cameras: of the frames, None where the focal length is not known.

        Raises:
            FocalLengthError: the model needs the focal length of a frame, and nothing tells it.
        """
        inputs: dict[str, Tensor] = {"crops": crops}
        needed = self._needed(cameras) if self._placed else []
        if needed:
            inputs[_PLACE] = np.concatenate(list(map(crop_places, squares, needed)))
        every = BodyEstimates.from_tensors(self._client.infer(self._model, inputs, self._outputs))
        ends = np.cumsum([len(of_frame) for of_frame in squares])
        bodies = [every.take(np.arange(start, end)) for start, end in zip((0, *ends[:-1]), ends, strict=True)]
        return list(map(in_crop_axes, bodies, squares, needed)) if needed else bodies

    def _needed(self, cameras: Sequence[Calibration | None]) -> list[Calibration]:
        known = [camera for camera in cameras if camera is not None]
        if len(known) < len(cameras):
            raise _unknown_focal(self._model)
        return known


def _unknown_focal(model: str) -> FocalLengthError:
    return FocalLengthError(
        f"model {model}: expected the focal length of the camera, got none: give video.focal (pixels) or video.fov "
        "(degrees, vertical), or pictures whose EXIF data says it, or export the model vfov, which sees it "
        "(docs/world.md)"
    )
