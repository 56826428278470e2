"""The page that the package carries is what its sources build to."""

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.running_service import ROOT

SOURCES = ROOT / "clients" / "viewer"
NO_REGISTRY = ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT", "ENETUNREACH")


def test_the_page_is_built_from_its_sources(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    copy = tmp_path / "clients" / "viewer"
    (tmp_path / "tracker_service" / "viewer").mkdir(parents=True)
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    installed = subprocess.run(["npm", "ci", "--prefer-offline"], cwd=copy, capture_output=True, text=True)
    if installed.returncode and any(word in installed.stderr for word in NO_REGISTRY):
        pytest.skip("no npm registry can be reached")
    assert installed.returncode == 0, installed.stderr
    for script in ("check", "build"):
        ran = subprocess.run(["npm", "run", script], cwd=copy, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    built = (tmp_path / "tracker_service" / "viewer" / "page.html").read_bytes()
    why = "run: npm --prefix clients/viewer ci && npm --prefix clients/viewer run build"
    assert built == (ROOT / "tracker_service" / "viewer" / "page.html").read_bytes(), why
