"""A body model of a few vertices, for tests that only need some surface."""

import numpy as np
from numpy.typing import ArrayLike

from tests.body.synthetic_body import PARENTS
from tracker_service.body.model import BodyModel


def rigid_body(vertices: ArrayLike, faces: ArrayLike = ((0, 0, 0),)) -> BodyModel:
    """Return a body with this (V, 3) surface and these (F, 3) triangles; only ``global_orient`` moves it."""
    surface = np.asarray(vertices, np.float32)
    v = len(surface)
    return BodyModel.from_arrays(
        {
            "v_template": surface,
            "shapedirs": np.zeros((v, 3, 10)),
            "posedirs": np.zeros((0, 0)),
            "J_regressor": np.zeros((24, v)),
            "lbs_weights": np.eye(24)[np.zeros(v, np.int64)],
            "faces": np.asarray(faces, np.int64),
            "parents": np.array(PARENTS),
            "extra_vertices": np.zeros(21, np.int64),
            "joint_map": np.zeros(25, np.int64),
            "joint_regressor_extra": np.zeros((19, v)),
        }
    )
