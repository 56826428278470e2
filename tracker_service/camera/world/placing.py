"""One person before the camera, in metres, as a camera of ordinary focal length sees them."""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.camera.world.turning import across, aiming, length
from tracker_service.types import Float64, TrackedPerson
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE

_SIDES = ("left", "right")
_NECK, _MID_HIP, _RIGHT_HIP, _LEFT_HIP = (JOINT_INDEX[name] for name in ("neck", "mid_hip", "right_hip", "left_hip"))
_FEET = np.array(
    [[JOINT_INDEX[f"{side}_{part}"] for part in ("ankle", "big_toe", "small_toe", "heel")] for side in _SIDES]
)
# Thighs and shins of both legs, then from hip to ankle.
_LEG_STARTS, _LEG_ENDS = np.array(
    [
        (JOINT_INDEX[f"{side}_{start}"], JOINT_INDEX[f"{side}_{end}"])
        for parts in ((("hip", "knee"), ("knee", "ankle")), (("hip", "ankle"),))
        for side in ("right", "left")
        for start, end in parts
    ]
).T


@dataclass(frozen=True, slots=True, eq=False)
class PlacedBody:
    """A body in camera space: x right, y down, z ahead; metres. Or in other axes, see `place_body`.

    Attributes:
        root: (3,) middle of the hips.
        trunk: (3,) unit vector from the hips to the neck.
        front: (3,) unit vector, where the front of the pelvis points.
        feet: (2, 4, 3) ankle, toes and heel of the left and the right foot.
        turn: (3, 3) rotation from model space to camera space.
        stands: how straight the body is, hips to ankles as a share of the legs' length.
    """

    root: Float64
    trunk: Float64
    front: Float64
    feet: Float64
    turn: Float64
    stands: float


def place_body(person: TrackedPerson, size: tuple[int, int], focal: float, axes: Float64 | None = None) -> PlacedBody:
    """Place a person.

    The depth is that at which a body of its size has its size in the picture. The body model sees a crop as if it lay
    in the middle of the picture, so that the body is turned with the ray that goes through it.

    Args:
        person: the person.
        size: width and height of the frame, pixels.
        focal: pixels.
        axes: (3, 3) rotation from camera space to the axes in which the body is wanted; None for camera space.
    """
    joints = person.joints_3d.astype(np.float64)
    there = joints[_MID_HIP] + person.camera.astype(np.float64)
    assumed = FOCAL_OVER_SIZE * max(size)
    ray = np.array([there[0] / there[2] * assumed / focal, there[1] / there[2] * assumed / focal, 1.0])
    root = ray * (there[2] * focal / assumed)
    turn = aiming(ray)
    if axes is not None:
        root, turn = axes @ root, axes @ turn
    local = (joints - joints[_MID_HIP]) @ turn.T
    trunk = local[_NECK] / max(length(local[_NECK]), 1e-9)
    front = across(local[_LEFT_HIP] - local[_RIGHT_HIP], trunk)
    legs = np.linalg.norm(local[_LEG_ENDS] - local[_LEG_STARTS], axis=1).tolist()
    return PlacedBody(
        root,
        trunk,
        front / max(length(front), 1e-9),
        root + local[_FEET],
        turn,
        sum(legs[4:]) / max(sum(legs[:4]), 1e-9),
    )
