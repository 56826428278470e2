"""A body that may be used freely, in place of SMPL's."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from export.body.body_model import BodyModel


def stand_in_body(path: Path) -> BodyModel:
    """Return the freely licensed body with random pose blend shapes, so that their product is part of the check."""
    body = BodyModel.read(path)
    random = np.random.default_rng(0).normal(scale=0.002, size=(207, body.v_template.size))
    return replace(body, posedirs=random.astype(np.float32))
