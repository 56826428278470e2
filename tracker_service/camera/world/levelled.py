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


@dataclass(frozen=True, slots=True, eq=False)
class ResultAxes:
    """The axes of results in one frame, and how well they are known.

    Attributes:
        level: (3, 3) rotation to them from the axes of the first camera.
        pitch, roll: standard deviations of the vertical, radians.
        turned: variance of the camera's direction, radians².
        camera: where it looks.
        focal: standard deviation of the focal length, as a share of it.
    """

    level: Float64
    pitch: float
    roll: float
    turned: float
    camera: LookingCamera
    focal: float

    @classmethod
    def of(cls, camera: LookingCamera, focal: float) -> Self:
        """Return those of a frame."""
        pitch, roll = camera.upright.deviation.tolist()
        # A wrong focal length makes every turn of the camera wrong by its share.
        turned = camera.variance + (focal * angle_of(camera.axes)) ** 2
        return cls(levelling(camera.upright.up), pitch, roll, turned, camera, focal)


def levelled(
    motion: MotionState, body: PlacedBody, contacts: Float64, axes: ResultAxes, depth: LastingDepth
) -> PersonWorld:
    """Return a person in the axes of results.

    Args:
        motion: of the person, in the axes of the first camera.
        body: the same.
        contacts: of the feet.
        axes: those of results.
        depth: what stays uncertain of the person's.
    """
    level = axes.level
    place, velocity = level @ motion.mean[:3], level @ motion.mean[3:]
    x, _, z = (level @ body.front).tolist()
    scale = math.hypot(SIZE, *depth, axes.camera.zoomed, axes.focal)
    spread, speeds = (_turned_variances(block, level) for block in _diagonal_blocks(motion.covariance))
    return PersonWorld(
        position=place,
        position_deviation=_deviation(place, spread, scale, axes),
        velocity=velocity,
        velocity_deviation=_deviation(velocity, speeds, scale, axes),
        heading=math.atan2(x, z),
        heading_deviation=_heading_deviation(math.hypot(x, z), float(level[1] @ body.trunk)),
        contacts=contacts,
        orientation=level @ body.turn,
        doubts=_doubts(motion, axes, depth),
    )


def _diagonal_blocks(covariance: Float64) -> tuple[Float64, Float64]:
    return covariance[:3, :3], covariance[3:, 3:]


def _turned_variances(covariance: Float64, level: Float64) -> list[float]:
    """Return the three variances of a (3, 3) covariance in turned axes."""
    variances: list[float] = ((level @ covariance) * level).sum(axis=1).tolist()
    return variances


def _deviation(vector: Float64, variances: list[float], scale: float, axes: ResultAxes) -> Float64:
    """Return the (3,) standard deviations of a vector in the axes of results.

    Args:
        vector: (3,) as it is taken to be. A wrong vertical tilts it, ahead or to the side, and turns nothing about the
            vertical; a wrong direction of the camera turns it in any way.
        variances: of its own.
        scale: standard deviation of its length, as a share of it.
        axes: how well they are known.
    """
    x, y, z = (value * value for value in vector.tolist())
    pitch, roll, turned = axes.pitch**2, axes.roll**2, axes.turned
    swung = (roll * y + turned * (y + z), roll * x + pitch * z + turned * (x + z), pitch * y + turned * (x + y))
    stretched = (scale * scale * square for square in (x, y, z))
    return np.sqrt([sum(parts) for parts in zip(variances, stretched, swung, strict=True)])


def _heading_deviation(flat: float, trunk: float) -> float:
    """Return that of a front whose horizontal part has a length, for a trunk that points up by so much."""
    return min(math.pi, _HEADING / max(flat, 0.05)) if trunk > 0 else math.pi


def _doubts(motion: MotionState, axes: ResultAxes, depth: LastingDepth) -> tuple[WorldDoubt, ...]:
    """Return why a place cannot be relied on: what is uncertain of it as shares of its distance."""
    place, camera = motion.mean[:3], axes.camera
    squared = max(float(place @ place), 1e-12)
    uncertain = {
        WorldDoubt.CROUCHED: depth.crouched,
        WorldDoubt.SMALL: depth.small,
        WorldDoubt.UNSEEN: math.sqrt(max(float(place @ motion.covariance[:3, :3] @ place), 0.0)) / squared,
        WorldDoubt.CAMERA: math.hypot(camera.zoomed, math.sqrt(camera.variance)),
        WorldDoubt.VERTICAL: axes.pitch,
    }
    return doubts_of(uncertain, SIZE)
