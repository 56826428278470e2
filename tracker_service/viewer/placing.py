"""Where the page puts a body: in the world where that is known, else before the camera.

That has an ordinary focal length where the results know none.
"""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.camera.world.turning import aiming
from tracker_service.camera.world.world_follower import ASSUMED_FOCAL
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import Float64
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_HIPS = JOINT_INDEX["mid_hip"]
_FEET = [JOINT_INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("ankle", "big_toe", "heel")]
_LEVEL = np.diag([1.0, -1.0, -1.0])
"""From camera axes (x right, y down, z ahead) to those of the world (x right, y up, z back) of a level camera."""


@dataclass(frozen=True, slots=True, eq=False)
class ScenePlace:
    """A body in the 3D scene; x to the right, y up, z towards the viewer, metres.

    Attributes:
        position: (3,) middle of the hips.
        orientation: (3, 3) rotation from model space.
        ground: height of the lowest point of the feet.
        in_world: whether the world is known; else the camera is taken to stand still and level.
    """

    position: Float64
    orientation: Float64
    ground: float
    in_world: bool


def scene_place(person: PersonRecord, frame: FrameRecord) -> ScenePlace:
    """Place a person of a frame."""
    joints = person.keypoints_3d.astype(np.float64)
    world = person.world
    if world is not None and world.orientation is not None:
        position, orientation = world.position, world.orientation
    else:
        position, orientation = _before_the_camera(person, joints[_HIPS], frame)
        position = position if world is None else world.position
    reach = (joints[_FEET] - joints[_HIPS]) @ orientation[1]
    return ScenePlace(position, orientation, float(position[1] + reach.min()), world is not None)


def _before_the_camera(person: PersonRecord, hips: Float64, frame: FrameRecord) -> tuple[Float64, Float64]:
    """Return place and rotation of a body whose hips are at ``hips`` in model space."""
    if person.in_camera is not None:
        there = hips + person.in_camera.translation
        return _LEVEL @ there, _LEVEL @ aiming(there)
    there = hips + person.camera
    longer = max(frame.width, frame.height, 1)
    times = FOCAL_OVER_SIZE * longer / (ASSUMED_FOCAL * longer)
    ray = np.array([there[0] / there[2] * times, there[1] / there[2] * times, 1.0])
    return _LEVEL @ ray * (there[2] / times), _LEVEL @ aiming(ray)
