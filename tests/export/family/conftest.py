"""TokenHMR and CameraHMR with random weights and reduced sizes, exported by the command and ready to be served."""

import shutil
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

import export.hmr_family.loading
from export.__main__ import app
from export.hmr_family.detection import Family
from export.hmr_family.random_checkpoint import write_random_family
from harness.triton.repository import make_quick
from tests.export.family.reduced import SIZES
from tests.export.synthetic_body import synthetic_body
from tracker_service.inference.model_repository import default_repository

FAMILY = (Family.TOKENHMR, Family.CAMERAHMR)


@pytest.fixture(scope="session")
def family_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository with both networks, the body, and the lite detector in the place of the full set's."""
    folder = tmp_path_factory.mktemp("family")
    models = folder / "models"
    synthetic_body().write(models / "hmr2" / "body_model.npz")
    load = partial(export.hmr_family.loading.load, sizes=SIZES.network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export.hmr_family.loading, "load", load)
        for family in FAMILY:
            checkpoint = write_random_family(folder / "weights", family, SIZES)
            arguments = ["hmr2", "--checkpoint", str(checkpoint), "--repository", str(models)]
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, f"{result.output}{result.exception!r}"
            shutil.copy2(default_repository() / family / "config.pbtxt", models / family)
    detector = models / "detector"
    shutil.copytree(default_repository() / "detector_lite", detector)
    config = detector / "config.pbtxt"
    config.write_text(config.read_text().replace('"detector_lite"', '"detector"'))
    make_quick(config)
    return models
