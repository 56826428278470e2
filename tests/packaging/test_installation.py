"""The wheel in an empty environment far from the clone: it installs, agrees with its dependencies, and tracks."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.packaging.interpreters import ROOT, VERSIONS, interpreter, newest_version
from tests.packaging.package_installation import install

pytestmark = [pytest.mark.registry, pytest.mark.timeout(600)]

_FRAMES = 10


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and an empty folder in which commands run.

    Attributes:
        folder: of the environment.
        newest: whether its Python is the newest of those that are tested.
    """

    folder: Path
    newest: bool

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment as if it were activated, away from the clone."""
        place = self.folder.parent / "elsewhere"
        place.mkdir(exist_ok=True)
        return subprocess.run(command, cwd=place, env=self.variables(), capture_output=True, text=True)

    def variables(self) -> dict[str, str]:
        """Return the variables of a shell in which the environment is activated."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "PHALP_TRITON", "COVERAGE")) and name != "VIRTUAL_ENV"
        }
        # 0 is pip's way of saying that nothing shall be compiled.
        return kept | {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PIP_NO_COMPILE": "0"}

    def install(self, python: str, wheel: Path) -> None:
        """Make the environment with pip and a wheel, or skip the test where the registry cannot be had."""
        subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", python, str(self.folder)], check=True)
        variables = self.variables()
        self.skip_without_registry(install(str(self.folder / "bin" / "python"), "pip", str(wheel), variables=variables))

    def skip_without_registry(self, done: subprocess.CompletedProcess[str]) -> None:
        """Skip the test if pip did not reach the registry; fail it if the command failed otherwise."""
        if "Failed to establish a new connection" in done.stderr or "Temporary failure in name" in done.stderr:
            pytest.skip(f"packages cannot be had: {done.stderr.strip().splitlines()[-1]}")
        assert done.returncode == 0, done.stderr

    def track(self, folder: Path, *settings: str, frames: int = _FRAMES) -> subprocess.CompletedProcess[str]:
        """Track the first frames of the sample, copied to ``folder``, and write the results there."""
        clip = shutil.copy(ROOT / "samples" / "snow_promenade.mp4", folder / "clip.mp4")
        options = ("--out", str(folder), "--end", str(frames), "--no-overlay")
        return self.run("phalp-triton", "track", str(clip), *options, *settings)


@pytest.fixture(scope="module", params=VERSIONS)
def environment(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    version = request.param
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} is here")
    folder = tmp_path_factory.mktemp("installed") / "environment"
    made = Environment(folder, newest=version == newest_version())
    made.install(python, wheel)
    return made


def test_an_installed_wheel_tracks_a_clip_anywhere(environment: Environment, tmp_path: Path) -> None:
    done = environment.track(tmp_path)
    assert done.returncode == 0, done.stderr
    frames = [json.loads(line) for line in (tmp_path / "results.ndjson").read_text().splitlines()]
    assert len(frames) == _FRAMES
    assert any(frame["persons"] for frame in frames)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["model_set"] == "lite"
    assert summary["runs_on"] == {"detector_lite": "cpu", "hmr_lite": "cpu", "person_finder": "cpu"}


def test_the_dependencies_agree_with_each_other(environment: Environment) -> None:
    done = environment.run("python", "-m", "pip", "check")
    assert done.returncode == 0, done.stdout


def test_the_command_of_the_error_installs_what_runs_on_another_device(
    environment: Environment, tmp_path: Path
) -> None:
    if not environment.newest:
        pytest.skip("tried with the newest Python alone")
    refused = environment.track(tmp_path, "inference.device=openvino")
    assert refused.returncode == 2
    command = refused.stderr.strip().rpartition("; run: ")[2]
    assert command == "pip uninstall -y onnxruntime && pip install onnxruntime-openvino"
    environment.skip_without_registry(environment.run("sh", "-c", command))
    done = environment.track(tmp_path, "device=openvino", frames=2)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["runs_on"] == {"detector_lite": "openvino", "hmr_lite": "openvino", "person_finder": "openvino"}
