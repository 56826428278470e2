"""Poses as results have them, and as they are read back from exported files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.body.kinematics import joint_transforms
from tracker_service.body.model import BodyModel
from tracker_service.results.ndjson import read_results
from tracker_service.results.records import PersonRecord
from tracker_service.results.result_files import RESULTS
from tracker_service.types import Float64, PersonState, Smpl
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One person of one frame; None where a format does not say it.

    Attributes:
        joints: (24, 3) SMPL's joints, metres; x to the right, y up, z towards the viewer.
        rotations: (24, 3, 3) from the rest pose, of every joint in space.
        keypoints: (44, 3) reported joints, metres, or as many as the format has.
        pixels: (44, 2) reported joints in the picture, or as many.
        vertices: (n, 3) every hundredth vertex, metres.
    """

    joints: Float64 | None = None
    rotations: Float64 | None = None
    keypoints: Float64 | None = None
    pixels: Float64 | None = None
    vertices: Float64 | None = None


Key: TypeAlias = tuple[int, int]
"""Track id and number of the frame."""
Poses: TypeAlias = Mapping[Key, Pose]
VERTEX_STEP = 100


def poses_of(folder: Path, body: BodyModel) -> dict[Key, Pose]:
    """Return what the results say of everybody who is shown.

    The space is that of the results' ``world``, which every person must have.
    """
    found = {}
    for frame in read_results(folder / RESULTS):
        for person in frame.persons:
            if person.state is not PersonState.LOST:
                found[person.track_id, frame.frame_number] = pose_of(person, body)
    return found


def pose_of(person: PersonRecord, body: BodyModel) -> Pose:
    """Return what the results say of one person."""
    world = person.world
    if world is None or world.orientation is None:
        raise ValueError(f"track {person.track_id}: expected a place in the world, got none")
    smpl = Smpl(person.global_orient[None], person.body_pose[None], person.betas[None])
    local = np.concatenate([person.global_orient, person.body_pose]).astype(np.float64)
    rotations, _ = joint_transforms(local[None], np.zeros((1, NUMBER_OF_ROTATIONS, 3)), body.parents.tolist())
    joints, vertices = (values[0].astype(np.float64) for values in (body.smpl_joints(smpl), body.vertices(smpl)))
    keypoints = person.keypoints_3d.astype(np.float64)

    def there(points: Float64, origin: Float64) -> Float64:
        return np.asarray((points - origin) @ world.orientation.T + world.position, np.float64)  # type: ignore[union-attr]

    return Pose(
        there(joints, joints[0]),
        world.orientation @ rotations[0],
        there(keypoints, keypoints[JOINT_INDEX["mid_hip"]])[:-1],
        person.keypoints_2d[:-1].astype(np.float64),
        there(vertices[::VERTEX_STEP], joints[0]),
    )
