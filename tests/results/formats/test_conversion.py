"""What cannot be converted, and the process that converts for a service."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.results.formats.moving_people import PRESENT
from tests.results.frames import frame_result
from tracker_service.body.model import BodyModel
from tracker_service.errors import PhalpTritonError, ResultsError, SettingsError
from tracker_service.results.formats.bodies.skeleton import SkeletonPreset
from tracker_service.results.formats.conversion import convert
from tracker_service.results.formats.registry import FORMATS
from tracker_service.results.formats.task import ConversionTask
from tracker_service.results.ndjson import NdjsonWriter


def no_body() -> BodyModel:
    raise AssertionError("a body was loaded")


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """Results of three frames without anybody."""
    folder = tmp_path / "nobody"
    with NdjsonWriter(folder / "results.ndjson") as writer:
        for number in range(3):
            writer.write(frame_result(number))
    return folder


def convert_apart(task: ConversionTask) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tracker_service.results.formats", task.to_json()]
    return subprocess.run(command, capture_output=True, text=True)


def test_an_unknown_format_is_refused_before_anything_is_written(results: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"format: expected one of glb, .*, got 'obj'"):
        convert(results, ["csv", "obj"], tmp_path, no_body)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"expected a folder with results\.ndjson, got none"):
        convert(tmp_path, ["csv"], tmp_path, no_body)


@pytest.mark.parametrize("name", ["glb", "bvh", "npz", "trc", "mot", "usd"])
def test_results_without_people_are_refused_where_a_file_would_be_empty(nobody: Path, name: str) -> None:
    with pytest.raises(ResultsError, match=rf"expected people to write as {name}, got frames without anybody"):
        convert(nobody, [name], nobody, no_body)


@pytest.mark.parametrize("name", ["csv", "wide.csv", "coco.json", "rrd"])
def test_results_without_people_are_an_empty_list(nobody: Path, name: str) -> None:
    (path,) = convert(nobody, [name], nobody, no_body)
    assert path.stat().st_size > 0


def test_formats_that_are_in_memory_as_a_whole_have_a_limit(results: Path, tmp_path: Path) -> None:
    poses = sum(len(frames) for frames in PRESENT.values())
    whole = [name for name, one in FORMATS.items() if not one.streams]
    assert whole == ["usd", "rrd"]
    for name in whole:
        with pytest.raises(ResultsError, match=rf"{name}: expected at most 3 poses, .*, got {poses}"):
            convert(results, [name], tmp_path, no_body, most_poses=3)


def test_files_of_people_who_are_no_longer_in_the_results_are_removed(results: Path, tmp_path: Path) -> None:
    (tmp_path / "person_77.trc").touch()
    (tmp_path / "person_me.trc").touch()
    convert(results, ["trc"], tmp_path, no_body)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["person_1.trc", "person_12.trc", "person_3.trc", "person_me.trc"]


def test_a_failed_conversion_leaves_no_files(results: Path, tmp_path: Path, body: BodyModel) -> None:
    lines = (results / "results.ndjson").read_bytes().splitlines(keepends=True)
    (tmp_path / "results.ndjson").write_bytes(b"".join([*lines[:6], lines[6][:100]]))
    for name in ("glb", "npz", "bvh", "csv", "usd", "rrd"):
        with pytest.raises(PhalpTritonError, match=r"results\.ndjson:7"):
            convert(tmp_path, [name], tmp_path, lambda: body)
    assert [path.name for path in tmp_path.iterdir()] == ["results.ndjson"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file of this process can have more than 16 kB, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["glb", "csv", "usd", "rrd"])
@pytest.mark.usefixtures("small_files")
def test_a_file_that_cannot_be_written_is_an_error(results: Path, tmp_path: Path, body: BodyModel, name: str) -> None:
    with pytest.raises(ResultsError, match=rf"results\.{name}: expected to write"):
        convert(results, [name], tmp_path, lambda: body)
    assert not list(tmp_path.iterdir())


def test_a_process_says_in_one_line_without_paths_what_is_wrong(nobody: Path, tmp_path: Path) -> None:
    done = convert_apart(ConversionTask(nobody, tmp_path, "trc", Path("none.npz"), SkeletonPreset.SMPL, 100))
    assert done.returncode == 2
    assert done.stdout == "results.ndjson: expected people to write as trc, got frames without anybody\n"
