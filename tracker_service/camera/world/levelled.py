"""From the axes of the first camera to those of results, with everything that is uncertain."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.camera.world.depth_certainty import SIZE, LastingDepth
from tracker_service.camera.world.doubts import doubts_of
from tracker_service.camera.world.motion_filter import MotionState
from tracker_service.camera.world.placing import PlacedBody
from tracker_service.camera.world.turning import angle_of, levelling
from tracker_service.camera.world.upright import Upright
from tracker_service.types import Float64
from tracker_service.types.world import PersonWorld, WorldDoubt

_HEADING = 0.35
"""Radians by which the body model's front of a standing person is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class LookingCamera:
    """Where the camera looks.

    Attributes:
        axes: (3, 3) its axes to those of the first camera.
        variance: of its direction, radians².
        zoomed: logarithm of how much larger the background has become since the first frame: the camera zooms, and
            depths are wrong by that, or it travels, which the world does not know either.
        upright: the vertical.
    """

    axes: Float64
    variance: float
    zoomed: float
    upright: Upright

    @classmethod
    def first(cls) -> Self:
        """Return the camera of the first frame."""
        return cls(np.eye(3), 0.0, 0.0, Upright.as_held())


def levelled(
    motion: MotionState, body: PlacedBody, contacts: Float64, camera: LookingCamera, depth: LastingDepth, focal: float
) -> PersonWorld:
    """Return a person in the axes of results.

    Args:
        motion: of the person, in the axes of the first camera.
        body: the same.
        contacts: of the feet.
        camera: where it looks.
        depth: what stays uncertain of the person's.
        focal: standard deviation of the focal length, as a share of it.
    """
    level = levelling(camera.upright.up)
    place, velocity = level @ motion.mean[:3], level @ motion.mean[3:]
    front = level @ body.front
    scale = math.hypot(SIZE, *depth, camera.zoomed, focal)
    # A wrong focal length makes every turn of the camera wrong by its share.
    turned = camera.variance + (focal * angle_of(camera.axes)) ** 2
    swung, carried = (_swung(vector, camera.upright, turned) for vector in (place, velocity))
    spread = level @ motion.covariance[:3, :3] @ level.T
    speeds = level @ motion.covariance[3:, 3:] @ level.T
    return PersonWorld(
        position=place,
        position_deviation=np.sqrt(np.diag(spread) + (scale * place) ** 2 + swung),
        velocity=velocity,
        velocity_deviation=np.sqrt(np.diag(speeds) + (scale * velocity) ** 2 + carried),
        heading=math.atan2(front[0], front[2]),
        heading_deviation=_heading_deviation(front, float((level @ body.trunk)[1])),
        contacts=contacts,
        orientation=level @ body.turn,
        doubts=_doubts(motion, camera, depth),
    )


def _swung(vector: Float64, upright: Upright, turned: float) -> Float64:
    """Return by how much a (3,) vector is wrong where its axes are turned wrongly, (3,) variances.

    Args:
        vector: in the axes of results.
        upright: a wrong vertical tilts it, ahead or to the side, and turns nothing about the vertical.
        turned: variance of the camera's direction, radians².
    """
    pitch, roll = upright.deviation.tolist()
    x, y, z = vector.tolist()
    tilted = np.array([(roll * y) ** 2, (roll * x) ** 2 + (pitch * z) ** 2, (pitch * y) ** 2])
    return np.asarray(tilted + turned * np.array([y * y + z * z, x * x + z * z, x * x + y * y]), np.float64)


def _heading_deviation(front: Float64, trunk: float) -> float:
    flat = math.hypot(front[0], front[2])
    return min(math.pi, _HEADING / max(flat, 0.05)) if trunk > 0 else math.pi


def _doubts(motion: MotionState, camera: LookingCamera, depth: LastingDepth) -> tuple[WorldDoubt, ...]:
    """Return why a place cannot be relied on: what is uncertain of it as shares of its distance."""
    place = motion.mean[:3]
    squared = max(float(place @ place), 1e-12)
    uncertain = {
        WorldDoubt.CROUCHED: depth.crouched,
        WorldDoubt.SMALL: depth.small,
        WorldDoubt.UNSEEN: math.sqrt(max(float(place @ motion.covariance[:3, :3] @ place), 0.0)) / squared,
        WorldDoubt.CAMERA: math.hypot(camera.zoomed, math.sqrt(camera.variance)),
        WorldDoubt.VERTICAL: float(camera.upright.deviation[0]),
    }
    return doubts_of(uncertain, SIZE)
