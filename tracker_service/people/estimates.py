"""The HMR model's bodies in the crops of a frame, before they are placed in that frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError
from tracker_service.types import Float32, Smpl
from tracker_service.types.arrays import Rows, assign, checked
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE


@dataclass(frozen=True, slots=True)
class BodyEstimates(Rows):
    """One body per crop, in the axes of the crop.

    Attributes:
        smpl: the n bodies.
        crop_cameras: (n, 3) float32, weak-perspective (s, tx, ty) of the crop.
        joints_3d: (n, 44, 3) float32, metres, model space.
        presence: (n,) float32 in [0, 1], the model's confidence that the crop shows a person.
        vertices: (n, V, 3) float32, metres, model space; None where the mesh was not asked for.
    """

    smpl: Smpl
    crop_cameras: Float32
    joints_3d: Float32
    presence: Float32
    vertices: Float32 | None = None

    TENSORS: ClassVar[tuple[str, ...]] = ("global_orient", "body_pose", "betas", "pred_cam", "joints_3d", "presence")
    """Outputs of the HMR models that `from_tensors` needs."""

    def __post_init__(self) -> None:
        n = len(self.smpl)
        assign(self, "crop_cameras", checked("BodyEstimates.crop_cameras", self.crop_cameras, np.float32, (n, 3)))
        assign(
            self,
            "joints_3d",
            checked("BodyEstimates.joints_3d", self.joints_3d, np.float32, (n, NUMBER_OF_HMR_JOINTS, 3)),
        )
        assign(self, "presence", checked("BodyEstimates.presence", self.presence, np.float32, (n,)))
        if self.vertices is not None:
            assign(self, "vertices", checked("BodyEstimates.vertices", self.vertices, np.float32, (n, None, 3)))

    def __len__(self) -> int:
        return len(self.presence)

    @classmethod
    def from_tensors(cls, outputs: Mapping[str, NDArray[Any]]) -> Self:
        """Read the outputs of an HMR model; raises `ContractError` when one of `TENSORS` is missing."""
        missing = [name for name in cls.TENSORS if name not in outputs]
        if missing:
            raise ContractError(f"BodyEstimates: expected outputs {', '.join(cls.TENSORS)}, missing {missing}")
        return cls(
            smpl=Smpl(outputs["global_orient"], outputs["body_pose"], outputs["betas"]),
            crop_cameras=outputs["pred_cam"],
            joints_3d=outputs["joints_3d"],
            presence=np.asarray(outputs["presence"]).reshape(-1),
            vertices=outputs.get("vertices"),
        )

    @classmethod
    def empty(cls) -> Self:
        """No crops."""
        return cls(
            Smpl(_nothing(0, *GLOBAL_ORIENT_SHAPE), _nothing(0, *BODY_POSE_SHAPE), _nothing(0, *BETAS_SHAPE)),
            _nothing(0, 3),
            _nothing(0, NUMBER_OF_HMR_JOINTS, 3),
            _nothing(0),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Join the rows of ``parts`` in order; the mesh only where all have one."""
        if not parts:
            return cls.empty()
        smpl = (np.concatenate([getattr(p.smpl, f.name) for p in parts]) for f in fields(Smpl))
        names = ("crop_cameras", "joints_3d", "presence")
        own = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
        meshes = [p.vertices for p in parts if p.vertices is not None]
        return cls(smpl=Smpl(*smpl), **own, vertices=np.concatenate(meshes) if len(meshes) == len(parts) else None)


def _nothing(*shape: int) -> Float32:
    return np.zeros(shape, np.float32)
