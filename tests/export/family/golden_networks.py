"""The reduced CameraHMR and TokenHMR whose numbers the authors' own modules produced."""

from functools import cache

import numpy as np
import torch

from export.camerahmr import checkpoint as camerahmr
from export.camerahmr.model import CameraHmr
from export.hmr2.sizes import Hmr2Sizes
from export.tokenhmr import checkpoint as tokenhmr
from export.tokenhmr.model import TokenHmr
from export.tokenhmr.sizes import TokenSizes
from tests.export.golden import golden, golden_weights, sizes_of
from tests.export.synthetic_body import synthetic_body

CAMERAHMR, TOKENHMR = "camerahmr_small", "tokenhmr_small"


def tensor(name: str, key: str) -> torch.Tensor:
    return torch.from_numpy(golden(name)[key].astype(np.float32))


def tokenizer_weights() -> dict[str, torch.Tensor]:
    parts = {key.removeprefix("tokenizer/"): value for key, value in golden(TOKENHMR).items() if "tokenizer/" in key}
    return {key: torch.from_numpy(value.astype(np.float32)) for key, value in parts.items()}


def camerahmr_sizes() -> Hmr2Sizes:
    return sizes_of(CAMERAHMR)


def tokenhmr_sizes() -> TokenSizes:
    return TokenSizes.of_tokenizer(tokenizer_weights(), sizes_of(TOKENHMR))


@cache
def small_camerahmr() -> CameraHmr:
    return camerahmr.build(golden_weights(CAMERAHMR), synthetic_body(), camerahmr_sizes())


@cache
def small_tokenhmr() -> TokenHmr:
    return tokenhmr.build(golden_weights(TOKENHMR), tokenizer_weights(), synthetic_body(), tokenhmr_sizes())
