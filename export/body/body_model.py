"""A skinned body in SMPL's layout, and `body_model.npz`, which the service reads without unpickling anything."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from export.body.skeleton import JOINT_MAP
from export.errors import TensorShapeError
from export.files import written_whole
from tracker_service.types import Float32, Int64
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_BODY_JOINTS, NUMBER_OF_ROTATIONS

NUMBER_OF_EXTRA_JOINTS = 19

FACE_AND_FEET: Int64 = np.array([332, 6260, 2800, 4071, 583, 3216, 3226, 3387, 6617, 6624, 6787], dtype=np.int64)
FINGERTIPS: Int64 = np.array([2746, 2319, 2445, 2556, 2673, 6191, 5782, 5905, 6016, 6133], dtype=np.int64)
EXTRA_VERTICES: Int64 = np.concatenate([FACE_AND_FEET, FINGERTIPS])
"""(21,) vertices that follow the 24 joints: nose, eyes, ears, toes and heels, fingertips (smplx's vertex ids)."""


@dataclass(frozen=True, slots=True)
class BodyModel:
    """Everything that poses a body; lengths in metres. Field names are the keys of the file.

    Attributes:
        v_template: (V, 3) float32 vertices of the mean shape at rest.
        shapedirs: (V, 3, 10) float32 displacement of the vertices for a unit of each shape coefficient.
        posedirs: (207, 3 V) float32 displacement for each entry of R - I of joints 1 to 23; (0, 0) means none.
        J_regressor: (24, V) float32 joints of the shaped rest body.
        lbs_weights: (V, 24) float32 skinning weights.
        faces: (F, 3) int32.
        parents: (24,) int64, -1 for the root.
        extra_vertices: (21,) int64 vertices that serve as joints.
        joint_map: (25,) int64 indices into the 24 joints followed by the extra vertices.
        joint_regressor_extra: (19, V) float32 further joints, taken from the posed vertices.
    """

    v_template: Float32
    shapedirs: Float32
    posedirs: Float32
    J_regressor: Float32
    lbs_weights: Float32
    faces: np.ndarray[Any, np.dtype[np.int32]]
    parents: Int64
    extra_vertices: Int64
    joint_map: Int64
    joint_regressor_extra: Float32

    def __post_init__(self) -> None:
        count = len(self.v_template)
        pose_shape = (0, 0) if self.posedirs.size == 0 else (9 * (NUMBER_OF_BODY_JOINTS), 3 * count)
        layout: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
            "v_template": (np.float32, (count, 3)),
            "shapedirs": (np.float32, (count, 3, NUMBER_OF_BETAS)),
            "posedirs": (np.float32, pose_shape),
            "J_regressor": (np.float32, (NUMBER_OF_ROTATIONS, count)),
            "lbs_weights": (np.float32, (count, NUMBER_OF_ROTATIONS)),
            "faces": (np.int32, (len(self.faces), 3)),
            "parents": (np.int64, (NUMBER_OF_ROTATIONS,)),
            "extra_vertices": (np.int64, (len(EXTRA_VERTICES),)),
            "joint_map": (np.int64, (len(JOINT_MAP),)),
            "joint_regressor_extra": (np.float32, (NUMBER_OF_EXTRA_JOINTS, count)),
        }
        for name, (dtype, shape) in layout.items():
            value = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if value.shape != shape:
                raise TensorShapeError(f"body model, {name}: expected shape {shape}, got {value.shape}")
            object.__setattr__(self, name, value)
        for name in ("faces", "extra_vertices"):
            if getattr(self, name).max(initial=0) >= count:
                raise TensorShapeError(f"body model, {name}: expected vertices below {count}, got larger numbers")

    def write(self, path: Path) -> None:
        """Write ``path`` (.npz) as a whole or not at all."""
        with written_whole(path) as file:
            np.savez_compressed(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def read(cls, path: Path) -> "BodyModel":
        """Return the body in ``path``; raises `TensorShapeError` if an array is missing or has another shape."""
        with np.load(path, allow_pickle=False) as archive:
            missing = [field.name for field in fields(cls) if field.name not in archive]
            if missing:
                raise TensorShapeError(f"{path}: expected the arrays of a body model, missing {', '.join(missing)}")
            return cls(**{field.name: archive[field.name] for field in fields(cls)})
