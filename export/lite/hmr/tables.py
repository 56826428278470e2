"""Constants of the body that the inverse kinematics and the skinning need, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from export.body.skeleton import (
    JOINT_MAP,
    LEFT_HIP,
    LEFT_SHOULDER,
    PARENTS,
    RIGHT_HIP,
    RIGHT_SHOULDER,
)
from export.lite.hmr.blazepose import LANDMARKS, MIRRORED_LANDMARKS, attachments, resting_landmarks
from export.lite.hmr.directions import UPPER, direction_matrix
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS
from tracker_service.types.smpl import MIRRORED_JOINTS, NUMBER_OF_BODY_JOINTS, NUMBER_OF_ROTATIONS


@dataclass(frozen=True, slots=True)
class BodyTables:
    """The resting body and what follows from it.

    Attributes:
        joints: (24, 3) resting joints, y up.
        landmarks: (33, 3) BlazePose landmarks of the resting body.
        directions: (19, 3) unit directions between them, left and right evened out.
        vertices: (V, 3) resting surface.
        weights: (V, 24) skinning weights.
        bones: (23, 3) joint minus parent joint, joints 1 to 23.
        chains: (24, 23) 1 where a bone lies between the root and a joint.
        limb_starts: (4, 3) from the landmarks where upper arms and thighs start (directions.UPPER) to the joints.
        trunk_links: (4, 3) from the middle of the hip landmarks to that of the shoulder landmarks over joints 3, 6, 9.
        landmark_transforms: (96, 33) how the landmarks hang on the 24 bones: for each bone a share of (x, y, z, 1).
        joint_transforms: (96, 44) the same of the output joints.
    """

    joints: Float32
    landmarks: Float64
    directions: Float64
    vertices: Float32
    weights: Float32
    bones: Float32
    chains: Float32
    limb_starts: Float32
    trunk_links: Float32
    landmark_transforms: Float32
    joint_transforms: Float32

    @classmethod
    def from_body(cls, body: Mapping[str, np.ndarray]) -> "BodyTables":
        """Compute the tables from the arrays of body_model.npz."""
        vertices, weights = body["v_template"], body["lbs_weights"]
        joints = body["J_regressor"] @ vertices
        landmarks = resting_landmarks(joints, vertices[body["extra_vertices"]])
        even_joints, even_landmarks = _even(joints, MIRRORED_JOINTS), _even(landmarks, MIRRORED_LANDMARKS)
        starts = even_joints[_LIMB_JOINTS] - even_landmarks[_LIMB_LANDMARKS]
        directions = direction_matrix() @ even_landmarks
        directions[list(UPPER)] -= starts
        return cls(
            joints=joints,
            landmarks=landmarks,
            directions=directions / np.linalg.norm(directions, axis=1, keepdims=True),
            vertices=vertices,
            weights=weights,
            bones=joints[1:] - joints[PARENTS[1:]],
            chains=_chains(),
            limb_starts=starts.astype(np.float32),
            trunk_links=_trunk_links(even_joints, even_landmarks),
            landmark_transforms=_landmark_transforms(landmarks),
            joint_transforms=_joint_transforms(body, joints),
        )


_LIMB_JOINTS = [LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP]
_LIMB_LANDMARKS = [11, 12, 23, 24]


def _even(points: Float32 | Float64, mirrored: Int64) -> Float64:
    """Average left and right, so that mirrored people get exactly mirrored rotations; the mesh is uneven by 3 mm."""
    return np.asarray((points + points[mirrored] * (-1.0, 1.0, 1.0)) / 2)


def _trunk_links(joints: Float64, landmarks: Float64) -> Float32:
    hips, shoulders = landmarks[[23, 24]].mean(0), landmarks[[11, 12]].mean(0)
    stations = np.stack([hips, joints[3], joints[6], joints[9], shoulders])
    return np.diff(stations, axis=0).astype(np.float32)


def _landmark_transforms(landmarks: Float64) -> Float32:
    rows = np.zeros((LANDMARKS, NUMBER_OF_ROTATIONS, 4), np.float32)
    rows[np.arange(LANDMARKS), attachments()] = np.concatenate([landmarks, np.ones((LANDMARKS, 1))], axis=1)
    return np.ascontiguousarray(rows.reshape(LANDMARKS, -1).T)


def _chains() -> Float32:
    chains = np.zeros((NUMBER_OF_ROTATIONS, NUMBER_OF_BODY_JOINTS), np.float32)
    for joint in range(1, NUMBER_OF_ROTATIONS):
        chains[joint] = chains[PARENTS[joint]]
        chains[joint, joint - 1] = 1
    return chains


def _joint_transforms(body: Mapping[str, np.ndarray], joints: Float32) -> Float32:
    """Skinning is linear in the bone transforms; so are means of posed vertices: sum over v of row_v w_vk (v, 1)."""
    resting = np.concatenate([body["v_template"], np.ones_like(body["v_template"][:, :1])], axis=1).astype(np.float64)
    bones, vertices = np.arange(NUMBER_OF_ROTATIONS), body["extra_vertices"]
    skeleton = np.zeros((len(bones), len(bones), 4))
    skeleton[bones, bones] = np.concatenate([joints, np.ones((len(bones), 1))], axis=1)
    picked = np.zeros((len(vertices), len(resting)))
    picked[np.arange(len(vertices)), vertices] = 1
    rows = np.concatenate([picked, body["joint_regressor_extra"]])
    surface = np.einsum("jv,vk,vc->jkc", rows, body["lbs_weights"].astype(np.float64), resting, optimize=True)
    every = np.concatenate([skeleton, surface])
    chosen = every[[*JOINT_MAP, *range(len(bones) + len(vertices), len(every))]].reshape(NUMBER_OF_HMR_JOINTS, -1)
    return np.ascontiguousarray(chosen.T.astype(np.float32))
