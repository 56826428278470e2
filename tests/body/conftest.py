from pathlib import Path

import pytest

from tests.body.synthetic_body import synthetic_body
from tracker_service.body.model import BodyModel

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def golden_body() -> BodyModel:
    return synthetic_body(9101)


@pytest.fixture(scope="session")
def standin_body() -> BodyModel:
    return BodyModel.load(PROJECT / "model_repository" / "hmr_lite" / "body_model.npz")
