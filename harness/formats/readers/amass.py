"""AMASS's npz, by numpy and the body model, as users of AMASS read it."""

import re
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from harness.formats.poses import Key, Pose
from tracker_service.body.kinematics import joint_transforms
from tracker_service.body.model import BodyModel
from tracker_service.types import Smpl
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

_Z_UP_TO_Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def read_amass(folder: Path, body: BodyModel) -> dict[Key, Pose]:
    """Return everybody in the frames in which they are present."""
    found = {}
    for path in folder.glob("person_*.npz"):
        track_id = int(re.findall(r"\d+", path.stem)[-1])
        with np.load(path) as data:
            vectors = np.concatenate([data["poses"][:, :66].reshape(-1, 22, 3), data["hands"]], axis=1)
            betas, trans = data["betas"][:10].astype(np.float32), data["trans"].astype(np.float64)
            numbers, present = data["frame_numbers"].tolist(), data["present"].tolist()
        local = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(-1, NUMBER_OF_ROTATIONS, 3, 3)
        single = local.astype(np.float32)
        smpl = Smpl(single[:, :1], single[:, 1:], np.repeat(betas[None], len(local), axis=0))
        turns, _ = joint_transforms(local, np.zeros((len(local), NUMBER_OF_ROTATIONS, 3)), body.parents.tolist())
        joints = (body.smpl_joints(smpl) + trans[:, None]) @ _Z_UP_TO_Y_UP.T
        for row, number in enumerate(numbers):
            if present[row]:
                found[track_id, number] = Pose(joints=joints[row], rotations=_Z_UP_TO_Y_UP @ turns[row])
    return found
