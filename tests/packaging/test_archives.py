"""What the wheel and the sdist carry."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import hatchling

from tests.packaging.conftest import LICENSED, LITE
from tests.packaging.interpreters import ROOT

_MEGABYTE = 1_000_000


def information(wheel: Path) -> str:
    """The wheel's folder of metadata."""
    return "-".join(wheel.name.split("-")[:2]) + ".dist-info"


def test_the_wheel_carries_the_lite_models_and_no_others(wheel: Path) -> None:
    inside = "tracker_service/model_repository/"
    with zipfile.ZipFile(wheel) as archive:
        models = {name.removeprefix(inside) for name in archive.namelist() if name.startswith(inside)}
        for name in LITE:
            assert archive.read(inside + name) == (ROOT / "model_repository" / name).read_bytes()
        packages = {name.partition("/")[0] for name in archive.namelist()}
    assert models == set(LITE)
    assert packages == {"tracker_service", "export", information(wheel)}


def test_the_wheel_says_whose_models_it_carries(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        notice = archive.read(f"{information(wheel)}/licenses/NOTICE").decode()
        metadata = archive.read(f"{information(wheel)}/METADATA").decode()
    assert all(author in notice for author in ("NanoDet", "BlazePose", "NAVER"))
    assert "License-File: NOTICE" in metadata
    assert "License-Expression: Apache-2.0" in metadata


def test_the_wheel_stays_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= 20 * _MEGABYTE


def test_the_sdist_carries_what_the_wheel_is_made_of_and_nothing_licensed(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {f"model_repository/{name}" for name in LITE} | {"NOTICE", "LICENSE", "tracker_service/errors.py"}
    assert not names.intersection(LICENSED)


def test_an_editable_installation_uses_the_models_of_the_clone(clone: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    install = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(clone)]
    site_packages = str(Path(hatchling.__path__[0]).parent)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), *install],
        check=True,
        env={"PYTHONPATH": site_packages, "PATH": ""},
    )
    code = "from tracker_service.inference.model_repository import default_repository as d; print(d())"
    answer = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert Path(answer.stdout.strip()) == clone / "model_repository"
