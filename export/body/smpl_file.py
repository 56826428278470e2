"""SMPL as its authors publish it, to our body model."""

from pathlib import Path

import numpy as np

from export.body.body_model import EXTRA_VERTICES, BodyModel
from export.body.skeleton import JOINT_MAP, PARENTS
from export.errors import MissingTensorError, TensorShapeError
from export.weights.pickles import dense, read_pickle
from tracker_service.types.smpl import NUMBER_OF_BETAS


def read_smpl(model: Path, extra_joints: Path) -> BodyModel:
    """Return the body from the authors' files.

    Args:
        model: `SMPL_NEUTRAL.pkl`, or the original `basicModel_neutral_lbs_10_207_0_v1.0.0.pkl`.
        extra_joints: `SMPL_to_J19.pkl`, the (19, V) regressor of HMR2's last joints.

    Raises:
        MissingTensorError: an entry of the model is missing.
        TensorShapeError: an entry has another shape.
    """
    content = read_pickle(model)
    needed = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f", "kintree_table")
    missing = [name for name in needed if not isinstance(content, dict) or name not in content]
    if missing:
        raise MissingTensorError(f"{model}: expected SMPL's arrays, missing {', '.join(missing)}")
    arrays = {name: dense(content[name], name) for name in needed}
    parents = arrays["kintree_table"][0].astype(np.int64).copy()
    parents[0] = -1
    if not np.array_equal(parents, PARENTS):
        raise TensorShapeError(f"{model}: expected SMPL's 24 joints, got parents {parents.tolist()}")
    directions = arrays["posedirs"]
    return BodyModel(
        v_template=arrays["v_template"].astype(np.float32),
        shapedirs=arrays["shapedirs"][..., :NUMBER_OF_BETAS].astype(np.float32),
        posedirs=directions.reshape(-1, directions.shape[-1]).T.astype(np.float32),
        J_regressor=arrays["J_regressor"].astype(np.float32),
        lbs_weights=arrays["weights"].astype(np.float32),
        faces=arrays["f"].astype(np.int32),
        parents=parents,
        extra_vertices=EXTRA_VERTICES,
        joint_map=JOINT_MAP,
        joint_regressor_extra=dense(read_pickle(extra_joints), "joint_regressor_extra").astype(np.float32),
    )
