"""The random body that the golden numbers of SMPL and of the features were made with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.model import BodyModel

PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
FACE_AND_FEET = [332, 6260, 2800, 4071, 583, 3216, 3226, 3387, 6617, 6624, 6787]
FINGER_TIPS = [2746, 2319, 2445, 2556, 2673, 6191, 5782, 5905, 6016, 6133]
JOINT_MAP = [24, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, *range(25, 35)]


def synthetic_arrays(seed: int) -> dict[str, NDArray[Any]]:
    """Draw the body of ``seed`` in the recipe's order: legacy generator, float64."""
    random = np.random.RandomState(seed)
    v = 6890

    def uniform(*shape: int) -> NDArray[np.float64]:
        return 2 * random.random_sample(shape) - 1

    v_template = uniform(v, 3) * (0.35, 0.9, 0.2)
    shapedirs = uniform(v, 3, 10) * 0.02
    posedirs = uniform(v, 3, 207) * 0.004
    joint_regressor = np.zeros((24, v))
    for row in joint_regressor:
        row[random.randint(0, v, 20)] = 1
    joint_regressor /= joint_regressor.sum(axis=1, keepdims=True)
    weights = random.random_sample((v, 24)) ** 2
    weights = (weights**2) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    faces = random.randint(0, v, (13776, 3))
    extra = np.zeros((19, v))
    for row in extra:
        columns = random.randint(0, v, 30)
        row[columns] = random.random_sample(30)
    extra /= extra.sum(axis=1, keepdims=True)
    return {
        "v_template": v_template.astype(np.float32),
        "shapedirs": shapedirs.astype(np.float32),
        "posedirs": posedirs.reshape(3 * v, 207).T.astype(np.float32),
        "J_regressor": joint_regressor.astype(np.float32),
        "lbs_weights": weights.astype(np.float32),
        "faces": faces.astype(np.int32),
        "parents": np.array(PARENTS),
        "extra_vertices": np.array(FACE_AND_FEET + FINGER_TIPS),
        "joint_map": np.array(JOINT_MAP),
        "joint_regressor_extra": extra.astype(np.float32),
    }


def synthetic_body(seed: int) -> BodyModel:
    """Return the body of ``seed``."""
    return BodyModel.from_arrays(synthetic_arrays(seed))
