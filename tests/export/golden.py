"""Golden numbers and the reduced HMR2 they belong to."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.hmr2.checkpoint import build, expected_shapes
from export.hmr2.model import Hmr2
from export.hmr2.sizes import Hmr2Sizes
from tests.export.synthetic_body import synthetic_body

DATA = Path(__file__).parents[1] / "data" / "export"


@cache
def golden(name: str) -> dict[str, NDArray[Any]]:
    with np.load(DATA / f"{name}.npz", allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def golden_weights(name: str) -> dict[str, torch.Tensor]:
    return {
        key.removeprefix("weight/"): torch.from_numpy(value.astype(np.float32))
        for key, value in golden(name).items()
        if key.startswith("weight/")
    }


def small_sizes() -> Hmr2Sizes:
    return sizes_of("hmr2_small")


def sizes_of(name: str) -> Hmr2Sizes:
    numbers = golden(name)
    return Hmr2Sizes(
        embed_dim=int(numbers["embed_dim"]),
        depth=int(numbers["depth"]),
        heads=int(numbers["num_heads"]),
        decoder_dim=int(numbers["decoder_dim"]),
        decoder_depth=int(numbers["decoder_depth"]),
        decoder_heads=int(numbers["decoder_heads"]),
        decoder_head_dim=int(numbers["decoder_dim_head"]),
        decoder_mlp_dim=int(numbers["decoder_mlp_dim"]),
    )


@cache
def small_hmr2() -> Hmr2:
    weights = golden_weights("hmr2_small")
    assert set(weights) == set(expected_shapes(small_sizes()))
    return build(weights, synthetic_body(), small_sizes())


def golden_poses() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The golden histories as the pose predictor gets them; of two sightings of the same frame the later one counts."""
    numbers = golden("pose_predictor")
    times = numbers["history_time"]
    frames = times - times[:, :1]
    assert frames.max() < 125
    frames[:, :-1][frames[:, :-1] == frames[:, 1:]] = -1
    return numbers["history_pose_q"].astype(np.float32) / 4096, frames, numbers["target_slot"][:, None]
