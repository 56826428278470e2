"""Fixture: the lite body model in a repository of its own, whose graph a test may break."""

import shutil
from pathlib import Path

import pytest

from tracker_service.inference.model_repository import default_repository

MODEL = "hmr_lite"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    shutil.copytree(default_repository() / MODEL, tmp_path / MODEL)
    return tmp_path
