"""What clients get of a job whose files somebody has spoilt, exchanged or may not read, and what they do not."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from harness.clips import cut
from harness.running_service import RunningService
from harness.waiting import until
from tests.hostile.conftest import QUIET

FORMAT = "results.csv"


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    return cut(folder / "answers.mp4", 2, width=320)


@pytest.fixture(scope="module")
def job(fortress: RunningService, clip: Path) -> Path:
    """The folder of a complete job."""
    with fortress.client(headers=QUIET) as client:
        job_id = client.post("/jobs", json={"video_path": str(clip)}).json()["job_id"]
        until(lambda: client.get(f"/jobs/{job_id}").json()["state"] == "completed")
    return Path(fortress.folder, "jobs", "jobs", job_id)


@pytest.fixture
def get(fortress: RunningService, job: Path) -> Iterator[Callable[[str], httpx.Response]]:
    """Asks for a part of the job."""
    with fortress.client(headers=QUIET) as client:
        yield lambda path: client.get(path.replace("JOB", job.name))


@contextmanager
def spoilt(path: Path) -> Iterator[None]:
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        yield
    finally:
        path.write_bytes(before)


def test_nobody_else_may_read_what_the_service_has_written(job: Path) -> None:
    folder = job.parents[1]
    open_to_others = [path for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]
    assert [path for path in open_to_others if not path.is_symlink()] == []


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("overlay.mp4", ("/jobs/JOB/overlay.mp4", "/jobs/JOB/viewer/overlay", "/frame/JOB/0")),
        ("results.ndjson", ("/jobs/JOB/results.csv", "/jobs/JOB/viewer/timeline/0", "/jobs/JOB/viewer/index.json")),
        ("results.index", ("/jobs/JOB/viewer/bodies/0",)),
        ("tracks.pkl", ("/jobs/JOB/tracks.pkl",)),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(
    get: Callable[[str], httpx.Response], job: Path, name: str, paths: tuple[str, ...]
) -> None:
    with spoilt(job / name):
        for path in paths:
            answer = get(path)
            assert answer.status_code == 500, path
            assert answer.json()["error"].startswith(f"{name}: expected "), path
            assert str(job) not in answer.text
    for path in paths:
        assert get(path).status_code == 200, path


def test_a_damaged_overlay_of_an_earlier_version_shows_no_path(get: Callable[[str], httpx.Response], job: Path) -> None:
    overlay, seals = job / "overlay.mp4", job / "seals.json"
    contents = [(path, path.read_bytes()) for path in (overlay, seals)]
    try:
        seals.unlink()
        overlay.write_bytes(b"no video")
        damaged = get("/frame/JOB/0")
        overlay.unlink()
        gone = get("/frame/JOB/0")
    finally:
        for path, content in contents:
            path.write_bytes(content)
    assert (damaged.status_code, gone.status_code) == (500, 404)
    for answer in (damaged, gone):
        assert answer.json()["error"].startswith("overlay.mp4: expected ")
        assert "/" not in answer.json()["error"]


def test_a_damaged_file_in_another_format_is_written_again(get: Callable[[str], httpx.Response], job: Path) -> None:
    whole = get(f"/jobs/JOB/{FORMAT}")
    assert whole.status_code == 200
    written = job / "exports" / "csv" / FORMAT
    written.write_bytes(b"something else")
    assert get(f"/jobs/JOB/{FORMAT}").content == whole.content
    assert written.read_bytes() == whole.content


def test_a_link_in_the_place_of_the_video_is_not_followed(
    get: Callable[[str], httpx.Response], clip: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"secret")
    assert get("/jobs/JOB/viewer/video").content == clip.read_bytes()
    aside = clip.rename(clip.with_suffix(".aside"))
    try:
        clip.symlink_to(outside)
        assert get("/jobs/JOB/viewer/video").status_code == 404
    finally:
        clip.unlink()
        aside.rename(clip)


def test_a_path_forges_no_line_of_the_log(fortress: RunningService) -> None:
    mark = f"forged-{time.time_ns()}"
    fortress.get(f"/no%0A{mark}%0D{mark}", headers=QUIET)
    assert [line for line in fortress.log_lines(mark) if line.startswith(mark)] == []
