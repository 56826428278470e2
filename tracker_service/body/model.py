"""The body: SMPL's forward function in numpy, from the tables that export writes (`body_model.npz`).

Formulas: Loper et al. 2015, "SMPL: A Skinned Multi-Person Linear Model"; the choice and order of the 44 joints is that
of 4D-Humans (``hmr2/models/smpl_wrapper.py``). Nothing here depends on whose surface it is: the licensed SMPL tables
and the freely licensed stand-in go through the same code.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.joint_tables import JointTables
from tracker_service.body.joints import BODY_25_SIZE, EXTRA_JOINT_NAMES
from tracker_service.body.kinematics import joint_transforms
from tracker_service.body.surface import SkinnedSurface
from tracker_service.errors import ModelContractError, ModelNotFoundError
from tracker_service.types import Float32, Float64, Int64, Smpl
from tracker_service.types.phalp_vectors import TRUNK_JOINTS
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_BODY_JOINTS, NUMBER_OF_ROTATIONS

_POSE_FEATURES = 9 * NUMBER_OF_BODY_JOINTS
_EXTRA_VERTICES = 21
"""Vertices of the face, the feet and the finger tips that are reported as joints."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyModel:
    """A skinned body in SMPL's layout; V is the number of vertices.

    Attributes:
        v_template: (V, 3) rest surface, metres.
        shapedirs: (V, 3, 10) shape blend shapes.
        posedirs: (207, 3 V) pose blend shapes, or (0, 0) for a body that has none.
        J_regressor: (24, V) rest joints from the rest surface.
        lbs_weights: (V, 24) skinning weights.
        faces: (F, 3) vertex indices of the triangles.
        parents: (24,) kinematic tree, -1 for the root.
        extra_vertices: (21,) vertices reported as joints (face, feet, finger tips).
        joint_map: (25,) BODY_25 out of the 24 joints followed by the 21 vertices.
        joint_regressor_extra: (19, V) further joints from the posed surface.
    """

    v_template: Float32
    shapedirs: Float32
    posedirs: Float32
    J_regressor: Float32
    lbs_weights: Float32
    faces: Int64
    parents: Int64
    extra_vertices: Int64
    joint_map: Int64
    joint_regressor_extra: Float32
    _tables: JointTables

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read ``body_model.npz``.

        Raises:
            ModelNotFoundError: there is no such file.
            ModelContractError: it is not an npz file, a key is missing, or an array has the wrong shape or values.
        """
        path = Path(path)
        if not path.is_file():
            raise ModelNotFoundError(f"body model: no file {path}; `python -m export` builds it")
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
            raise ModelContractError(f"body model {path}: expected an npz file of plain arrays, got {error}") from error
        try:
            return cls.from_arrays(arrays)
        except ModelContractError as error:
            raise ModelContractError(f"body model {path}: {error}") from error

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the model from named arrays (the attributes above); raises `ModelContractError`."""
        checked = _checked(arrays)
        tables = JointTables.build(
            v_template=checked["v_template"],
            shapedirs=checked["shapedirs"],
            posedirs=checked["posedirs"],
            joint_regressor=checked["J_regressor"],
            lbs_weights=checked["lbs_weights"],
            extra_vertices=checked["extra_vertices"],
            joint_map=checked["joint_map"],
            joint_regressor_extra=checked["joint_regressor_extra"],
        )
        return cls(**checked, _tables=tables)

    @property
    def number_of_vertices(self) -> int:
        """V, the vertices of the surface."""
        return len(self.v_template)

    def joints(self, smpl: Smpl) -> Float32:
        """Return the 44 joints of every body, (n, 44, 3) metres in model space.

        The surface is not computed: a joint that is a weighted mean of skinned vertices is linear in the 24 bone
        transforms, so its part of the surface shrinks to one point per bone, summed up when the model is loaded.
        """
        rotations, positions, offsets = self._bones(smpl)
        return self._tables.joints(rotations, positions, offsets, smpl.betas, _pose_features(smpl))

    def trunk(self, smpl: Smpl) -> Float32:
        """Return the shoulders and hips of every body, (n, 4, 3): the `TRUNK_JOINTS` of `joints`, in a third the time.

        Where they are SMPL's own joints, as in all models known, nothing of the surface is needed.
        """
        own = self.joint_map[list(TRUNK_JOINTS)]
        if (own < NUMBER_OF_ROTATIONS).all():
            return self.smpl_joints(smpl)[:, own]
        return self.joints(smpl)[:, TRUNK_JOINTS]

    def smpl_joints(self, smpl: Smpl) -> Float32:
        """Return SMPL's own 24 joints of every body, (n, 24, 3) metres in model space; names: `SMPL_JOINT_NAMES`."""
        return self._rotations_and_joints(smpl, self._tables.rest_joints(smpl.betas))[1].astype(np.float32)

    @property
    def surface(self) -> SkinnedSurface:
        """The surface in full detail."""
        return SkinnedSurface(self.v_template, self.shapedirs, self.posedirs, self.lbs_weights, self.faces)

    def vertices(self, smpl: Smpl) -> Float32:
        """Return the posed surface of every body, (n, V, 3) metres in model space."""
        return self.posed(self.surface, smpl)

    def vertices_of(self, outputs: Mapping[str, NDArray[Any]]) -> Float32:
        """Return the vertices of the rotations and shapes among a body model's outputs, (n, V, 3) metres."""
        return self.vertices(Smpl(outputs["global_orient"], outputs["body_pose"], outputs["betas"]))

    def posed(self, surface: SkinnedSurface, smpl: Smpl) -> Float32:
        """Return another surface on this model's bones, (n, its own V, 3) metres in model space."""
        rotations, _, offsets = self._bones(smpl)
        bones = np.concatenate([rotations, offsets[..., None]], axis=-1).astype(np.float32)
        return surface.posed(bones, smpl.betas, _pose_features(smpl))

    def _bones(self, smpl: Smpl) -> tuple[Float64, Float64, Float64]:
        """Return rotations (n, 24, 3, 3), joints (n, 24, 3), and the offsets from rest to posed points."""
        rest = self._tables.rest_joints(smpl.betas)
        rotations, positions = self._rotations_and_joints(smpl, rest)
        return rotations, positions, positions - (rotations @ rest[..., None])[..., 0]

    def _rotations_and_joints(self, smpl: Smpl, rest: Float64) -> tuple[Float64, Float64]:
        local = np.concatenate([smpl.global_orient, smpl.body_pose], axis=1)
        return joint_transforms(local, rest, self.parents.tolist())


def _pose_features(smpl: Smpl) -> Float32:
    """Return what pose blend shapes are linear in: R - I of the 23 body joints, row by row, (n, 207)."""
    return (smpl.body_pose - np.eye(3, dtype=np.float32)).reshape(len(smpl), _POSE_FEATURES)


def _checked(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of the contract, cast and read-only; raises `ModelContractError`."""
    missing = sorted((_FLOATS.keys() | _INTEGERS.keys()) - arrays.keys())
    if missing:
        raise ModelContractError(f"missing {', '.join(missing)}; got {', '.join(sorted(arrays)) or 'nothing'}")
    v, f = len(np.atleast_1d(arrays["v_template"])), len(np.atleast_1d(arrays["faces"]))
    result: dict[str, NDArray[Any]] = {}
    for name, shape in {**_FLOATS, **_INTEGERS}.items():
        expected = tuple({"V": v, "3V": 3 * v, "F": f}.get(str(side), side) for side in shape)
        array = np.asarray(arrays[name])
        if name == "posedirs" and array.size == 0:
            array = array.reshape(0, 0)
        elif array.shape != expected:
            raise ModelContractError(f"{name}: expected shape {expected}, got {array.shape}")
        kind = np.float32 if name in _FLOATS else np.int64
        if name in _INTEGERS and array.dtype.kind not in "iu":
            raise ModelContractError(f"{name}: expected integers, got {array.dtype}")
        result[name] = np.ascontiguousarray(array, dtype=kind)
        result[name].flags.writeable = False
    _check_indices(result, v)
    return result


_FLOATS: dict[str, tuple[int | str, ...]] = {
    "v_template": ("V", 3),
    "shapedirs": ("V", 3, NUMBER_OF_BETAS),
    "posedirs": (_POSE_FEATURES, "3V"),
    "J_regressor": (NUMBER_OF_ROTATIONS, "V"),
    "lbs_weights": ("V", NUMBER_OF_ROTATIONS),
    "joint_regressor_extra": (len(EXTRA_JOINT_NAMES), "V"),
}
_INTEGERS: dict[str, tuple[int | str, ...]] = {
    "faces": ("F", 3),
    "parents": (NUMBER_OF_ROTATIONS,),
    "extra_vertices": (_EXTRA_VERTICES,),
    "joint_map": (BODY_25_SIZE,),
}


def _check_indices(arrays: Mapping[str, NDArray[Any]], v: int) -> None:
    limits = {"faces": v, "extra_vertices": v, "joint_map": NUMBER_OF_ROTATIONS + _EXTRA_VERTICES}
    for name, limit in limits.items():
        if arrays[name].size and (arrays[name].min() < 0 or arrays[name].max() >= limit):
            got = f"{arrays[name].min()} to {arrays[name].max()}"
            raise ModelContractError(f"{name}: expected indices from 0 to {limit - 1}, got {got}")
    parents = arrays["parents"]
    if parents[0] != -1 or (parents[1:] < 0).any() or (parents[1:] >= np.arange(1, NUMBER_OF_ROTATIONS)).any():
        raise ModelContractError(f"parents: expected -1, then parents before their children, got {parents.tolist()}")
