"""From the motion of the picture to the turn of the camera."""

import math

import numpy as np
from scipy.spatial.transform import Rotation

from tracker_service.types import CameraMotion, Float64


def turn_of(motion: CameraMotion, size: tuple[int, int], focal: float) -> Float64:
    """Return the (3, 3) rotation from directions of the previous camera to those of this one.

    The camera is taken to turn on its spot: it is the rotation that brings the rays of the background's corners nearest
    to those where they are now (Kabsch 1976; the moments of the corners are all it takes). Where they are not kept, the
    motion in the middle of the picture has to do: where it goes says how far the camera pans and tilts, how the picture
    turns there how far it rolls. A change of scale is left to zoom.

    Args:
        motion: of the background.
        size: width and height of the frame, pixels.
        focal: pixels.
    """
    if motion.moments is not None:
        return _between_rays(motion.moments, size, focal)
    middle = np.array([[size[0] / 2, size[1] / 2]])
    to_the_right = motion.apply(middle + np.array([[1.0, 0.0]])) - motion.apply(middle)
    roll = float(np.arctan2(to_the_right[0, 1], to_the_right[0, 0]))
    seen = np.append((motion.apply(middle) - middle)[0] / focal, 1.0)
    return np.asarray(aiming(seen) @ Rotation.from_rotvec([0.0, 0.0, roll]).as_matrix(), np.float64)


def _between_rays(moments: Float64, size: tuple[int, int], focal: float) -> Float64:
    to_rays = np.array([[1 / focal, 0, -size[0] / 2 / focal], [0, 1 / focal, -size[1] / 2 / focal], [0, 0, 1]])
    left, _, right = np.linalg.svd(to_rays @ moments @ to_rays.T)
    mirrored = np.diag([1.0, 1.0, np.linalg.det(left @ right)])
    return np.asarray(left @ mirrored @ right, np.float64)


def growth(motion: CameraMotion, size: tuple[int, int]) -> float:
    """Return by which factor the background grows in the middle of the picture; 1 where the camera only turns.

    A turn makes the middle larger on its way to the border, there and back alike: that part is left out.

    Args:
        motion: of the background.
        size: width and height of the frame, pixels.
    """
    back = CameraMotion(np.asarray(np.linalg.inv(motion.matrix), np.float64), motion.confidence)
    there_and_back = [_magnified(way, np.array(size) / 2) for way in (motion, back)]
    return math.sqrt(there_and_back[0] / there_and_back[1])


def _magnified(motion: CameraMotion, place: Float64) -> float:
    start, *ends = motion.apply(place + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    (a, b), (c, d) = (end - start for end in ends)
    return math.sqrt(max(abs(a * d - b * c), 1e-12))


def aiming(direction: Float64) -> Float64:
    """Return the shortest (3, 3) rotation that carries the optical axis into a (3,) direction with positive z."""
    x, y, z = (direction / length(direction)).tolist()
    # Rodrigues' formula about the axis across z and the direction, whose length is the sine of the angle.
    share = 1 / (1 + z)
    return np.array([[1 - x * x * share, -x * y * share, x], [-x * y * share, 1 - y * y * share, y], [-x, -y, z]])


def angle_of(rotation: Float64) -> float:
    """Return by which angle a (3, 3) rotation turns, radians from 0 to pi."""
    return math.acos(min(max((float(np.trace(rotation)) - 1) / 2, -1.0), 1.0))


def levelling(up: Float64) -> Float64:
    """Return the (3, 3) rotation from camera axes (x right, y down, z ahead) to world axes (x right, y up, z back).

    Args:
        up: (3,) the direction up, in camera axes.
    """
    y = up / length(up)
    back = np.array([0.0, 0.0, -1.0])
    z = back - y * (back @ y)
    if (level := length(z)) < 1e-6:  # the camera looks straight up or down
        z, level = np.array([0.0, y[2], 0.0]), abs(float(y[2]))
    z = z / level
    return np.stack([across(y, z), y, z])


def length(vector: Float64) -> float:
    """Return the length of one vector; numpy's own takes five times as long for single ones."""
    return math.sqrt(vector.dot(vector))


def across(first: Float64, second: Float64) -> Float64:
    """Return the cross product of two (3,) vectors; numpy's own takes ten times as long for single ones."""
    (a, b, c), (d, e, f) = first.tolist(), second.tolist()
    return np.array([b * f - c * e, c * d - a * f, a * e - b * d])
