"""Where a person of a result is in the space of exported files: x to the right, y up, z towards the viewer, metres."""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.camera.world.turning import aiming
from tracker_service.camera.world.world_follower import ASSUMED_FOCAL
from tracker_service.results.records import PersonRecord
from tracker_service.types import Float64
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_MID_HIP = JOINT_INDEX["mid_hip"]
_CAMERA_TO_EXPORT: Float64 = np.diag([1.0, -1.0, -1.0])
"""From camera axes (x right, y down, z ahead) to those of exported files."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A body in the space of exported files.

    Attributes:
        pelvis: (3,) float64, the middle of the hips, metres.
        turn: (3, 3) float64, the rotation from model space.
    """

    pelvis: Float64
    turn: Float64

    def rotation_of_pelvis(self, person: PersonRecord) -> Float64:
        """Return the (3, 3) rotation of the pelvis from SMPL's rest pose, which faces the viewer."""
        return np.asarray(self.turn @ person.global_orient[0].astype(np.float64), np.float64)

    def joints(self, person: PersonRecord) -> Float64:
        """Return the 45 joints, (45, 3) metres; the last, the model's origin, has no meaning here."""
        joints = person.keypoints_3d.astype(np.float64)
        return np.asarray((joints - joints[_MID_HIP]) @ self.turn.T + self.pelvis, np.float64)


def place(person: PersonRecord) -> Placement:
    """Place a person in the world, or before the camera where the results know no world.

    Before the camera the depth is that of its focal length; where the results know none, that of an ordinary lens
    (`ASSUMED_FOCAL`) instead of HMR2's telephoto one. The body is turned with the ray that goes through it, as
    `tracker_service.camera.world.placing` does. A place in the world that an earlier version wrote, without
    `orientation`, goes with an upright camera.
    """
    hips = person.keypoints_3d[_MID_HIP].astype(np.float64)
    if person.in_camera is None:
        there = hips + person.camera.astype(np.float64)
        there[2] *= ASSUMED_FOCAL / FOCAL_OVER_SIZE
    else:
        there = hips + person.in_camera.translation.astype(np.float64)
    before_camera = _CAMERA_TO_EXPORT @ (aiming(there) if there[2] > 0 else np.eye(3))
    world = person.world
    if world is None:
        return Placement(_CAMERA_TO_EXPORT @ there, before_camera)
    return Placement(world.position, before_camera if world.orientation is None else world.orientation)
