"""Results in all formats, made once."""

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.formats.readers.glb import installed
from harness.running_service import ROOT
from tests.results.formats.moving_people import write_moving_people
from tracker_service.body.model import BodyModel

NO_REGISTRY = ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT", "ENETUNREACH")


@pytest.fixture(scope="session")
def body() -> BodyModel:
    return BodyModel.load(ROOT / "model_repository" / "hmr_lite" / "body_model.npz")


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, body: BodyModel) -> Path:
    folder = tmp_path_factory.mktemp("moving")
    write_moving_people(folder, body)
    return folder


@pytest.fixture(scope="session")
def glb_reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where three.js and the Khronos validator are installed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    try:
        return installed(tmp_path_factory.mktemp("reader"))
    except subprocess.CalledProcessError as error:
        if any(word in error.stderr for word in NO_REGISTRY):
            pytest.skip("no npm registry can be reached")
        raise
