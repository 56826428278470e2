"""One sdist and the wheel made from it, for all tests of this folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.interpreters import ROOT

_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore", "tracker_service", "export")
LITE = (
    "detector_lite/1/export.json",
    "detector_lite/1/golden.npz",
    "detector_lite/1/model.onnx",
    "hmr_lite/1/export.json",
    "hmr_lite/1/golden.npz",
    "hmr_lite/1/model.onnx",
    "hmr_lite/body_model.npz",
    "person_finder/1/export.json",
    "person_finder/1/golden.npz",
    "person_finder/1/model.onnx",
)
LICENSED = ("model_repository/hmr2/1/model.onnx", "model_repository/hmr2/body_model.npz", "weights/smpl.pkl")
"""What somebody who has exported the full set has in the clone, and may not give away."""


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What packages are made of, as in a clone in which licensed models were exported."""
    folder = tmp_path_factory.mktemp("packaging") / "clone"
    folder.mkdir()
    for name in _SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for name in LITE:
        target = folder / "model_repository" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "model_repository" / name, target)
    for name in LICENSED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"licensed")
    return folder


@pytest.fixture(scope="session")
def archives(clone: Path) -> Path:
    """A folder with the sdist of the clone and the wheel that was built from the sdist."""
    folder = clone.parent / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(clone)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(archives: Path) -> Path:
    (path,) = archives.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def sdist(archives: Path) -> Path:
    (path,) = archives.glob("*.tar.gz")
    return path
