"""Random inputs for a model, from its signature."""

import numpy as np

from tracker_service.inference.client import ModelSpec, Tensor


def random_inputs(spec: ModelSpec, rows: int, seed: int = 0) -> dict[str, Tensor]:
    """Return ``rows`` random rows for every input of ``spec``."""
    random = np.random.default_rng(seed)

    def values(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Tensor:
        if dtype == np.uint8:
            return random.integers(0, 256, shape, np.uint8)
        return random.normal(0, 0.3, shape).astype(dtype)

    return {
        name: values(tensor.dtype, (rows, *(side or 1 for side in tensor.shape)))
        for name, tensor in spec.inputs.items()
    }
