"""SMPL's skeleton as other programs know it: names of its 24 joints, and where they are at rest."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

import numpy as np

from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.types import Float32, Float64, Smpl
from tracker_service.types.smpl import NUMBER_OF_BODY_JOINTS


class SkeletonPreset(StrEnum):
    """Whose names the joints of a skeleton have."""

    SMPL = "smpl"
    BLENDER = "blender"
    MIXAMO = "mixamo"
    UNITY = "unity"
    UNREAL = "unreal"


@dataclass(frozen=True, slots=True)
class JointNames:
    """Names of SMPL's joints in another program.

    Attributes:
        names: 24, in SMPL's order.
        units_per_metre: of the lengths that the program expects.
    """

    names: tuple[str, ...]
    units_per_metre: float


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """One body's joints in the rest pose: a T, facing z, y up.

    Attributes:
        parents: (24,) -1 for the pelvis.
        rest: (24, 3) float64, metres from the pelvis.
    """

    parents: tuple[int, ...]
    rest: Float64

    @classmethod
    def of(cls, body: BodyModel, betas: Float32) -> Self:
        """Return the skeleton of a body of the shape ``betas``, (10,)."""
        joints = body.smpl_joints(rest_pose(betas))[0].astype(np.float64)
        return cls(tuple(body.parents.tolist()), joints - joints[0])

    @property
    def offsets(self) -> Float64:
        """(24, 3) metres, each joint from its parent; the pelvis from itself."""
        return self.rest - self.rest[np.maximum(self.parents, 0)]

    def children(self, joint: int) -> list[int]:
        """Return the joints that hang on ``joint``."""
        return [index for index, parent in enumerate(self.parents) if parent == joint]


def rest_pose(betas: Float32) -> Smpl:
    """Return one body of the shape ``betas``, (10,), in the rest pose."""
    still = np.eye(3, dtype=np.float32)
    return Smpl(
        global_orient=still[None, None],
        body_pose=np.broadcast_to(still, (1, NUMBER_OF_BODY_JOINTS, 3, 3)),
        betas=betas[None],
    )


def _in_order(**names: str) -> tuple[str, ...]:
    """Return names in SMPL's order; ``*`` stands for the side as ``sides`` spells it."""
    left, right = names.pop("left"), names.pop("right")
    found = []
    for joint in SMPL_JOINT_NAMES:
        side, _, part = joint.rpartition("_")
        found.append(names[part].replace("*", {"left": left, "right": right}.get(side, "")))
    return tuple(found)


_MIXAMO = _in_order(
    left="Left",
    right="Right",
    pelvis="mixamorig:Hips",
    hip="mixamorig:*UpLeg",
    knee="mixamorig:*Leg",
    ankle="mixamorig:*Foot",
    foot="mixamorig:*ToeBase",
    spine1="mixamorig:Spine",
    spine2="mixamorig:Spine1",
    spine3="mixamorig:Spine2",
    neck="mixamorig:Neck",
    head="mixamorig:Head",
    collar="mixamorig:*Shoulder",
    shoulder="mixamorig:*Arm",
    elbow="mixamorig:*ForeArm",
    wrist="mixamorig:*Hand",
    hand="mixamorig:*HandMiddle1",
)
_UNITY = _in_order(
    left="Left",
    right="Right",
    pelvis="Hips",
    hip="*UpperLeg",
    knee="*LowerLeg",
    ankle="*Foot",
    foot="*Toes",
    spine1="Spine",
    spine2="Chest",
    spine3="UpperChest",
    neck="Neck",
    head="Head",
    collar="*Shoulder",
    shoulder="*UpperArm",
    elbow="*LowerArm",
    wrist="*Hand",
    hand="*MiddleProximal",
)
_UNREAL = _in_order(
    left="l",
    right="r",
    pelvis="pelvis",
    hip="thigh_*",
    knee="calf_*",
    ankle="foot_*",
    foot="ball_*",
    spine1="spine_01",
    spine2="spine_02",
    spine3="spine_03",
    neck="neck_01",
    head="head",
    collar="clavicle_*",
    shoulder="upperarm_*",
    elbow="lowerarm_*",
    wrist="hand_*",
    hand="middle_01_*",
)
_BLENDER = _in_order(
    left="L",
    right="R",
    pelvis="pelvis",
    hip="thigh.*",
    knee="shin.*",
    ankle="foot.*",
    foot="toe.*",
    spine1="spine",
    spine2="spine.001",
    spine3="spine.002",
    neck="neck",
    head="head",
    collar="shoulder.*",
    shoulder="upper_arm.*",
    elbow="forearm.*",
    wrist="hand.*",
    hand="fingers.*",
)
_CENTIMETRES = 100.0

PRESETS = MappingProxyType(
    {
        SkeletonPreset.SMPL: JointNames(SMPL_JOINT_NAMES, 1.0),
        SkeletonPreset.BLENDER: JointNames(_BLENDER, 1.0),
        SkeletonPreset.MIXAMO: JointNames(_MIXAMO, _CENTIMETRES),
        SkeletonPreset.UNITY: JointNames(_UNITY, 1.0),
        SkeletonPreset.UNREAL: JointNames(_UNREAL, _CENTIMETRES),
    }
)
"""Names and lengths by preset; the joints, their order and the rest pose are the same in all."""
