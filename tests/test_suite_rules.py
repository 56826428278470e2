"""The suite's own rules, as pyproject.toml declares them: a test that hangs fails, and so does a warning."""

import subprocess
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"

HANGING = """
import asyncio
import threading
import time
import warnings

import pytest

pytestmark = pytest.mark.timeout(1)


def test_sleeps():
    time.sleep(60)


async def swallow_the_cancellation():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        pass


def test_awaits():
    asyncio.run(swallow_the_cancellation())


@pytest.fixture
def lock():
    taken = threading.Lock()
    with taken:
        taken.acquire()


def test_waits_in_a_fixture(lock):
    pass


def test_warns():
    warnings.warn("old")


def test_runs_after_them():
    pass
"""
MISSPELT = """
import pytest


@pytest.mark.misspelt
def test_marked():
    pass
"""


def run_suite(folder: Path, source: str) -> str:
    """Return what pytest prints about a suite of ``source`` alone with the project's configuration."""
    (folder / "test_sample.py").write_text(source)
    (folder / "pyproject.toml").write_text(PYPROJECT.read_text())
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "test_sample.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150).stdout


def test_tests_that_hang_or_warn_fail_and_the_others_run(tmp_path: Path) -> None:
    printed = run_suite(tmp_path, HANGING)
    assert "FAILED test_sample.py::test_sleeps - Failed: Timeout (>1.0s)" in printed
    assert "FAILED test_sample.py::test_awaits - Failed: Timeout (>1.0s)" in printed
    assert "ERROR test_sample.py::test_waits_in_a_fixture - Failed: Timeout (>1.0s)" in printed
    assert "FAILED test_sample.py::test_warns - UserWarning: old" in printed
    assert "3 failed, 1 passed, 1 error" in printed


def test_a_marker_that_nobody_declared_is_an_error(tmp_path: Path) -> None:
    assert "'misspelt' not found in `markers`" in run_suite(tmp_path, MISSPELT)


def test_every_test_has_a_limit() -> None:
    options = tomllib.loads(PYPROJECT.read_text())["tool"]["pytest"]["ini_options"]
    assert 60 <= options["timeout"] <= 300
