"""`make gpu-check` runs on a bare machine, loses nothing to a phase that ends early, and claims nothing unmeasured."""

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import annotated_types
import pytest

from benchmarks.gpu_check.children import Runner
from benchmarks.gpu_check.findings import Findings, Found, read_found
from benchmarks.gpu_check.page import speed_rows, write_page
from benchmarks.gpu_check.phases import PHASES, SECONDS, Phase
from benchmarks.gpu_check.wheels import unpacked
from harness.tables import read_tables

ROOT = Path(__file__).resolve().parents[2]
CARD = {"what": "card, as PyTorch sees it", "found": "NVIDIA H100, compute capability 9.0, CUDA 13.0"}
BARE = """
import sys
class Bare:
    there = set(sys.stdlib_module_names) | {"torch", "torchgen", "functorch", "numpy", "annotated_types", "sympy",
        "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec", "typing_extensions",
        "benchmarks", "export", "harness", "tracker_service", "sitecustomize"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.there and not name.startswith("_"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Bare())
"""
"""Leaves Python with PyTorch, what PyTorch needs, and NumPy."""


def wheel_of(package: Any, folder: Path) -> Path:
    """Pack an installed package as a wheel would."""
    source = Path(package.__file__).parent
    with zipfile.ZipFile(folder / f"{source.name}-1-py3-none-any.whl", "w") as archive:
        for path in source.glob("*.py"):
            archive.write(path, f"{source.name}/{path.name}")
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with three of the phases on a machine that has PyTorch and NumPy only."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "sitecustomize.py").write_text(BARE)
    command = ["-m", "benchmarks.gpu_check", "--size", "small", "--out", str(folder / "out")]
    command += ["--wheels", str(folder / "none")]
    phases = ["--phases", "machine", "eager", "onnx", "--seconds", "250"]
    done = subprocess.run(
        [sys.executable, *command, *phases],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_pytorch_is_measured_without_pydantic_and_everything_else(page: Path) -> None:
    tables = read_tables(page / "gpu_check.json")
    assert [row["runtime"] for row in tables["speed"].rows] == ["eager FP32"]
    assert all(row["within"] for row in tables["parity"].rows)
    assert {"vertices, mm", "joints_3d, mm"} <= {row["output"] for row in tables["parity"].rows}


def test_what_is_missing_is_said_with_the_reason(page: Path) -> None:
    missing = {row["what"]: row["why"] for row in read_tables(page / "gpu_check.json")["not_measured"].rows}
    assert missing["ONNX Runtime"] == "ModuleNotFoundError: No module named 'onnxruntime'"
    assert "PyTorch sees none" in missing["everything about a GPU"]
    text = (page / "gpu_check.md").read_text()
    assert "No card was seen" in text
    assert "A tiny network stood in" in text


def test_a_phase_that_hangs_is_ended_and_one_that_crashes_says_how(tmp_path: Path) -> None:
    runner = Runner(tmp_path, tmp_path, "small", None, 1.0)
    runner.run(Phase("eager", 0.2, "slow"))
    runner.run(Phase("nonsense", 120, "broken"))
    missing = {row["what"]: row["why"] for row in read_tables(tmp_path / "gpu_check.json")["not_measured"].rows}
    assert missing["slow: what is not in the tables"] == "its 0 s were over"
    assert "invalid choice: 'nonsense'" in missing["broken: what is not in the tables"]


def test_rows_stay_when_the_last_one_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "eager.jsonl"
    Findings(path).add("speed", {"runtime": "eager FP32", "batch": 1, "seconds": 1.0})
    with path.open("a") as file:
        file.write('{"kind": "speed", "row": {"runt')
    assert read_found(tmp_path).of("speed") == [{"runtime": "eager FP32", "batch": 1, "seconds": 1.0}]


def test_a_measurement_that_fails_becomes_a_reason(tmp_path: Path) -> None:
    findings = Findings(tmp_path / "eager.jsonl")

    def run() -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate 2 GiB")

    with findings.unless_it_fails("batch 64"):
        run()
    (row,) = read_found(tmp_path).of("not_measured")
    assert row == {"what": "batch 64", "why": "RuntimeError: CUDA out of memory."}


def speeds(**seconds: float) -> list[dict[str, Any]]:
    return [{"runtime": name.replace("_", " "), "batch": 64, "seconds": value} for name, value in seconds.items()]


def test_speeds_are_compared_with_eager_with_the_best_compiled_and_with_the_ceiling() -> None:
    found = Found(
        {
            "machine": [CARD],
            "ceiling": [{"type": "BF16", "teraflops": 502.2}, {"type": "TF32", "teraflops": 900.0}],
            "speed": speeds(eager_FP32=0.64, compiled_FP16=0.08, compiled_BF16=0.1, TorchScript_FP16=0.064),
        }
    )
    row = list(speed_rows(found, "published"))[-1]
    assert row["runtime"] == "TorchScript FP16"
    assert row["crops_per_second"] == pytest.approx(1000)
    assert row["times_eager"] == pytest.approx(10)
    assert row["times_compiled"] == pytest.approx(1.25)
    assert row["of_ceiling"] == pytest.approx(0.5)


@pytest.mark.parametrize("size", ["published", "small"])
def test_no_share_of_a_ceiling_without_a_card_and_none_of_a_tiny_network(tmp_path: Path, size: str) -> None:
    machine = [] if size == "published" else [CARD]
    found = Found(
        {"machine": machine, "ceiling": [{"type": "BF16", "side": 8192, "teraflops": 9.0}], "speed": speeds(eager=0.5)}
    )
    (row,) = speed_rows(found, size)
    assert row["of_ceiling"] is None
    assert row["times_compiled"] is None
    write_page(tmp_path, found, size)
    assert ("No card was seen" in (tmp_path / "gpu_check.md").read_text()) == (size == "published")


def test_only_wheels_of_what_is_missing_are_unpacked(tmp_path: Path) -> None:
    wheel_of(annotated_types, tmp_path)
    with unpacked(tmp_path) as packages:
        assert packages is None
    with zipfile.ZipFile(tmp_path / "absent-1-py3-none-any.whl", "w") as archive:
        archive.writestr("absent_package/__init__.py", "")
    assert find_spec("absent_package") is None
    with unpacked(tmp_path) as packages:
        assert packages is not None
        assert [path.name for path in packages.iterdir()] == ["absent_package"]


def test_everything_fits_eight_minutes() -> None:
    assert SECONDS <= 8 * 60
    assert [phase.name for phase in PHASES][:2] == ["machine", "ceiling"]
