"""The device, and how long something takes on it."""

from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch

_WARM_UPS, _LEAST_RUNS, _ENOUGH_SECONDS = 2, 3, 1.0


def device() -> torch.device:
    """Return the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """Return the card's name, or "CPU"."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def synchronise() -> None:
    """Wait until the card has done everything that it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def median_seconds(run: Callable[[], object]) -> float:
    """Return the median time of ``run``, of as many runs as fit a second but at least three, after two to warm up."""
    for _ in range(_WARM_UPS):
        run()
    synchronise()
    times: list[float] = []
    while len(times) < _LEAST_RUNS or sum(times) < _ENOUGH_SECONDS:
        started = perf_counter()
        run()
        synchronise()
        times.append(perf_counter() - started)
    return float(np.median(times))


def in_full_precision() -> None:
    """Compute FP32 products as FP32: no TF32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
