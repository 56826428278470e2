"""Tracks without a detection in this frame: their body, camera, box and joints as predicted for it.

Upstream repeats the last sighting instead (``phalp/trackers/PHALP.py``, its "ghosts").
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tracker_service.phalp.location import LocationPrediction
from tracker_service.phalp.state.sightings import Sightings
from tracker_service.types import NUMBER_OF_JOINTS, Float32, Float64, Smpl
from tracker_service.types.phalp_vectors import (
    FOCAL_OVER_SIZE,
    LOCATION_DEPTH,
    LOCATION_POSITION,
    POSE_CAMERA,
    location_vectors,
    pose_cameras,
    smpl_of,
)

_NEAREST = 0.1
_BOX_MARGIN = 0.04
"""How far a body reaches beyond its joints, as a part of the longer side of their box."""


class JointModel(Protocol):
    """A body model that gives the joints of bodies."""

    def joints(self, smpl: Smpl) -> Float32:
        """Return the 44 joints of n bodies, (n, 44, 3) float32, metres in model space."""
        ...

    def trunk(self, smpl: Smpl) -> Float32:
        """Return the `TRUNK_JOINTS` among them, (n, 4, 3)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPlaces:
    """Where n missed people are expected, whatever their poses are.

    Attributes:
        center: (n, 2) of the crop square, pixels.
        side: (n,) of the crop square, pixels.
        depth: (n,) metres.
        roll: (n,) in-plane turn of the crop, see `People.roll`.
    """

    center: Float32
    side: Float32
    depth: Float32
    roll: Float32


def predicted_places(last: Sightings, location: LocationPrediction, frame_size: tuple[int, int]) -> PredictedPlaces:
    """Return where n missed tracks are expected in this frame.

    The crop square moves with the model origin and shrinks with its depth, so its weak-perspective camera stays what it
    was.

    Args:
        last: the last sightings.
        location: predicted locations.
        frame_size: width and height of the frame in pixels.
    """
    size, padding = _padded_square(frame_size)
    scale = last.location[:, LOCATION_DEPTH].astype(np.float64) / location.camera[:, 2]
    old_origin = last.location[:, LOCATION_POSITION] * size - padding
    new_origin = location.position * size - padding
    return PredictedPlaces(
        center=np.asarray((last.center - old_origin) * scale[:, None] + new_origin, np.float32),
        side=(last.side * scale).astype(np.float32),
        depth=location.camera[:, 2].astype(np.float32),
        roll=last.roll,
    )


def predicted_sightings(
    last: Sightings,
    pose: Float32,
    location: LocationPrediction,
    frame_size: tuple[int, int],
    body: JointModel | None,
) -> Sightings:
    """Return the people of n missed tracks as predicted for this frame.

    The box is drawn around the predicted joints: the last detected one is often cut short by what occludes them. Where
    they are, see `predicted_places`.

    Args:
        last: the last sightings.
        pose: (n, 229) predicted pose vectors.
        location: predicted locations.
        frame_size: width and height of the frame in pixels.
        body: gives the joints of the predicted pose; without it they stay those last observed, in model space.

    Returns:
        Predicted sightings with detection index -1; scores and appearance are those of the last sighting.
    """
    n = len(last)
    size, padding = _padded_square(frame_size)
    camera = location.camera.astype(np.float32)
    pose = pose.copy()
    pose[:, POSE_CAMERA] = pose_cameras(camera)
    joints_3d = last.joints_3d if body is None else _joints(body, pose)
    joints_2d = _project(joints_3d, camera)
    places = predicted_places(last, location, frame_size)
    return Sightings(
        detection_index=np.full(n, -1),
        identity=last.identity,
        annotated=last.annotated,
        found_by=last.found_by,
        score=last.score,
        presence=last.presence,
        box=_around((joints_2d * size - padding)[:, :-1]),
        center=places.center,
        side=places.side,
        roll=places.roll,
        detail=last.detail,
        crop_camera=last.crop_camera,
        camera=camera,
        joints_3d=joints_3d,
        joints_2d=(joints_2d * size - padding).astype(np.float32),
        pose=pose,
        location=location_vectors(joints_2d.astype(np.float32), camera),
        appearance=last.appearance,
    )


def _around(joints: Float64) -> Float32:
    """Return the (n, 4) boxes around the bodies of (n, j, 2) joints."""
    low, high = joints.min(axis=1), joints.max(axis=1)
    margin = _BOX_MARGIN * (high - low).max(axis=1, keepdims=True)
    return np.concatenate([low - margin, high + margin], axis=1).astype(np.float32)


def visible_part(box: Float32, frame_size: tuple[int, int]) -> float:
    """Return the part, 0 to 1, of a box x1 y1 x2 y2 that lies within a frame of (width, height)."""
    x1, y1, x2, y2 = box.tolist()
    area = (x2 - x1) * (y2 - y1)
    if area <= 0:
        return 0.0
    width, height = frame_size
    shown = (min(max(x2, 0), width) - min(max(x1, 0), width)) * (min(max(y2, 0), height) - min(max(y1, 0), height))
    return float(shown / area)


def _padded_square(frame_size: tuple[int, int]) -> tuple[int, Float64]:
    """Side of the square PHALP pads frames to, and where the frame's corner lies in it."""
    size = max(frame_size)
    return size, (size - np.array(frame_size, np.float64)) / 2


def _joints(body: JointModel, pose: Float32) -> Float32:
    """Return (n, 45, 3): the body's joints and the model origin."""
    n = len(pose)
    joints = np.zeros((n, NUMBER_OF_JOINTS, 3), np.float32)
    joints[:, :-1] = body.joints(smpl_of(pose))
    return joints


def _project(joints: Float32, camera: Float32) -> Float64:
    """Return (n, 45, 2): joints in the padded square frame, [0, 1] inside it."""
    points = joints.astype(np.float64) + camera[:, None]
    return np.asarray(FOCAL_OVER_SIZE * points[..., :2] / np.maximum(points[..., 2:], _NEAREST) + 0.5)
