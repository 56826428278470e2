"""The random body of the golden data (no licensed numbers): same recipe, same seed, same arrays."""

from functools import cache
from hashlib import sha256

import numpy as np

from export.body.body_model import EXTRA_VERTICES, BodyModel
from export.body.skeleton import JOINT_MAP, PARENTS

VERTICES, FACES = 6890, 13776
GOLDEN_SEED = 9101


@cache
def synthetic_body(seed: int = GOLDEN_SEED) -> BodyModel:
    random = np.random.RandomState(seed)  # the generator of the recipe

    def uniform(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return 2 * random.random_sample(shape) - 1

    template = uniform(VERTICES, 3) * (0.35, 0.9, 0.2)
    shapes = uniform(VERTICES, 3, 10) * 0.02
    poses = uniform(VERTICES, 3, 207) * 0.004
    regressor = np.zeros((24, VERTICES))
    for row in regressor:
        row[random.randint(0, VERTICES, 20)] = 1
    weights = random.random_sample((VERTICES, 24)) ** 8
    faces = random.randint(0, VERTICES, (FACES, 3))
    extra = np.zeros((19, VERTICES))
    for row in extra:
        places = random.randint(0, VERTICES, 30)
        row[places] = random.random_sample(30)
    return BodyModel(
        v_template=template.astype(np.float32),
        shapedirs=shapes.astype(np.float32),
        posedirs=poses.reshape(-1, 207).T.astype(np.float32),
        J_regressor=(regressor / regressor.sum(1, keepdims=True)).astype(np.float32),
        lbs_weights=(weights / weights.sum(1, keepdims=True)).astype(np.float32),
        faces=faces.astype(np.int32),
        parents=PARENTS,
        extra_vertices=EXTRA_VERTICES,
        joint_map=JOINT_MAP,
        joint_regressor_extra=(extra / extra.sum(1, keepdims=True)).astype(np.float32),
    )


def digest(array: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> str:
    return sha256(np.ascontiguousarray(array, "<f4").tobytes()).hexdigest()
