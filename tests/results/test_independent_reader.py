"""A reader that knows only PHALP's documentation reads ``tracks.pkl``, under old and new numpy and joblib."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from tests.packaging.package_installation import install
from tests.results import phalp_reader
from tests.results.frames import frame_result, tracked_person, two_people
from tracker_service.results.phalp_pickle import PhalpPickleWriter, extracted_frame_path
from tracker_service.types import FrameResult, PersonState, TrackedPerson

ROOT = Path(__file__).resolve().parents[2]
RESULTS = (two_people(0), frame_result(1), frame_result(2, tracked_person(2, 2), shot=True))


def allowed(package: str) -> str:
    """Return the range of versions of a package in pyproject.toml, as ``>=2.0,<3``."""
    listed: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return next(line.removeprefix(package) for line in listed if re.match(rf"{package}\b", line))


def oldest(package: str) -> str:
    """Return the lowest version that is allowed, as ``==2.0``."""
    return allowed(package).split(",")[0].replace(">=", "==")


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    """A results file of three frames, the second without anybody."""
    path = tmp_path / "tracks.pkl"
    with PhalpPickleWriter(path, extracted_frame_path("clips/walk.mp4")) as writer:
        for result in RESULTS:
            writer.write(result)
    return path


def expected_people(result: FrameResult) -> list[dict[str, Any]]:
    return [{**_sums(person), "id": person.track_id, "age": person.age} for person in result.persons]


def _sums(person: TrackedPerson) -> dict[str, float]:
    x1, y1, x2, y2 = person.box.tolist()
    arrays = {
        "bbox": np.array([x1, y1, x2 - x1, y2 - y1]),
        "camera": person.camera,
        "camera_bbox": person.crop_camera,
        "3d_joints": person.joints_3d,
        "body_pose": person.body_pose,
        "betas": person.betas,
        "pose": person.pose,
        "loca": person.location,
    }
    return {"score": person.score, **{name: float(values.astype(float).sum()) for name, values in arrays.items()}}


def assert_all_is_read(frames: list[dict[str, Any]]) -> None:
    assert [frame["name"] for frame in frames] == [f"_DEMO/walk/img/{number:06d}.jpg" for number in (1, 2, 3)]
    assert [(frame["time"], frame["shot"]) for frame in frames] == [(0, 0), (1, 0), (2, 1)]
    for frame, result in zip(frames, RESULTS, strict=True):
        for read, written in zip(frame["people"], expected_people(result), strict=True):
            assert {name: read[name] for name in written} == pytest.approx(written, rel=1e-6)
    assert RESULTS[0].persons[1].state is PersonState.PREDICTED


def test_the_reader_finds_every_person_of_every_frame(tracks: Path) -> None:
    assert_all_is_read(phalp_reader.read(str(tracks)))


def test_the_reader_refuses_a_file_in_which_a_list_is_too_short(tracks: Path) -> None:
    frames = joblib.load(tracks)
    frames["_DEMO/walk/img/000001.jpg"]["camera"].pop()
    joblib.dump(frames, tracks, compress=3)
    with pytest.raises((AssertionError, IndexError)):
        phalp_reader.read(str(tracks))


@pytest.mark.registry
@pytest.mark.parametrize(
    ("numpy", "other"),
    [
        pytest.param(oldest("numpy"), oldest("joblib"), id="oldest"),
        pytest.param(allowed("numpy"), allowed("joblib"), id="newest"),
        pytest.param("==1.26.4", "==1.3.2", id="as PHALP's users have"),
    ],
)
def test_the_reader_finds_the_same_under_other_versions(tmp_path: Path, tracks: Path, numpy: str, other: str) -> None:
    packages = tmp_path / "packages"
    done = install(sys.executable, "--only-binary=:all:", "--target", str(packages), f"numpy{numpy}", f"joblib{other}")
    if "No matching distribution" in done.stderr and sys.version_info >= (3, 12):
        pytest.skip("these versions were never built for this Python")
    if "Failed to establish a new connection" in done.stderr or "Temporary failure in name" in done.stderr:
        pytest.skip(f"packages cannot be had: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    read = subprocess.run(
        [sys.executable, "-S", phalp_reader.__file__, str(tracks)],
        env={"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert read.returncode == 0, read.stderr
    told = json.loads(read.stdout)
    for version, wanted in ((told["numpy"], numpy), (told["joblib"], other)):
        assert not wanted.startswith("==") or version.startswith(wanted.removeprefix("=="))
    assert_all_is_read(told["frames"])
