"""Tracked people with another body or camera, everything that follows from them included."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracker_service.people.cameras import crop_cameras, project_to_frame
from tracker_service.people.features import padded_coordinates
from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.types import Float64, Smpl, Squares, TrackedPerson
from tracker_service.types.phalp_vectors import location_vectors, pose_vectors


def with_bodies(
    people: Sequence[TrackedPerson],
    rotations: Float64,
    betas: Float64,
    cameras: Float64,
    size: tuple[int, int],
    body: JointModel,
) -> list[TrackedPerson]:
    """Return ``people`` of one frame with other bodies: joints, vectors and the crops' cameras follow, all else stays.

    Args:
        people: n people whose boxes, squares, states and identities are kept.
        rotations: (n, 24, 3, 3), the pelvis first.
        betas: (n, 10).
        cameras: (n, 3), translations in the full frame.
        size: (width, height) of the frame.
        body: gives the joints.
    """
    n = len(people)
    turns = rotations.astype(np.float32)
    smpl = Smpl(turns[:, :1], turns[:, 1:], betas.astype(np.float32))
    joints = np.concatenate([body.joints(smpl), np.zeros((n, 1, 3), np.float32)], axis=1)
    placed = cameras.astype(np.float32)
    joints_2d = project_to_frame(joints, placed, size)
    centers, sides = np.stack([person.center for person in people]), np.array([person.side for person in people])
    changes = {
        "global_orient": smpl.global_orient,
        "body_pose": smpl.body_pose,
        "betas": smpl.betas,
        "camera": placed,
        "crop_camera": crop_cameras(placed, Squares(centers, sides, np.zeros_like(sides)), size),
        "joints_3d": joints,
        "joints_2d": joints_2d,
        "pose": pose_vectors(smpl, placed),
        "location": location_vectors(padded_coordinates(joints_2d, size), placed),
    }
    return [
        replace(person, **{name: values[row] for name, values in changes.items()}) for row, person in enumerate(people)
    ]


def rotations_of(person: TrackedPerson) -> Float64:
    """Return the (24, 3, 3) rotations, the pelvis first."""
    return np.concatenate([person.global_orient, person.body_pose]).astype(np.float64)
