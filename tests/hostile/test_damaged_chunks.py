"""M4: files of a job that somebody removes, cuts or changes between two runs are never taken for results."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.clips import cut
from tracker_service.errors import DamagedResultsError
from tracker_service.jobs.chunks.chunk import ChunkFiles
from tracker_service.jobs.chunks.damage import check_chunks
from tracker_service.jobs.chunks.growing_lines import GrowingLines
from tracker_service.jobs.chunks.line_index import read_lines
from tracker_service.jobs.chunks.stitching import stitch
from tracker_service.settings import load_settings
from tracker_service.wiring.resumable import RESUME, track_resumably

FRAMES, CHUNK = 12, 4
NAMES = ("results.ndjson", "tracks.pkl", "overlay.mp4")
SETTINGS = load_settings(
    {
        "jobs": {"chunk_frames": CHUNK, "free_bytes": 1},
        "inference": {"threads": 1},
        "pipeline": {"window": CHUNK},
        "render": {"enable": True},
    }
)


class InterruptedRunError(Exception):
    """What a run of these tests is ended with."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut(tmp_path_factory.mktemp("clips") / "walk.mp4", FRAMES, width=320)


@pytest.fixture(scope="module")
def undisturbed(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    track_resumably(SETTINGS, str(clip), folder)
    return results(folder)


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def interrupted(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has committed two chunks."""
    folder = tmp_path_factory.mktemp("interrupted")

    def progress(_: int) -> None:
        if (folder / RESUME / "chunks" / "000001.json").exists():
            raise InterruptedRunError

    with pytest.raises(InterruptedRunError):
        track_resumably(SETTINGS, str(clip), folder, progress=progress)
    return folder


@pytest.fixture
def run(interrupted: Path, tmp_path: Path) -> Path:
    """A copy of that run."""
    return Path(shutil.copytree(interrupted, tmp_path / "run"))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [Path.unlink, cut_off, change_a_byte])
@pytest.mark.parametrize("suffix", ["ndjson", "pkl", "mp4"])
def test_a_damaged_file_of_a_chunk_is_noticed(run: Path, suffix: str, damage: Callable[[Path], None]) -> None:
    state = run / RESUME
    files = ChunkFiles(state / "chunks")
    check_chunks(state, files, files.count())
    damage(files.folder / f"000001.{suffix}")
    with pytest.raises(DamagedResultsError, match=r"^chunk 1: expected its part of .*, got a damaged file or none$"):
        check_chunks(state, files, files.count())


def test_a_damaged_manifest_is_noticed(run: Path) -> None:
    files = ChunkFiles(run / RESUME / "chunks")
    cut_off(files.folder / "000000.json")
    with pytest.raises(DamagedResultsError, match=r"^chunk 0: expected a manifest, got "):
        check_chunks(run / RESUME, files, files.count())


def test_a_damaged_chunk_is_computed_again(run: Path, clip: Path, undisturbed: dict[str, bytes]) -> None:
    change_a_byte(run / RESUME / "chunks" / "000001.ndjson")
    track_resumably(SETTINGS, str(clip), run)
    assert results(run) == undisturbed


def test_lines_of_a_damaged_chunk_are_not_given_to_a_client(run: Path) -> None:
    assert read_lines(run / RESUME, CHUNK, 0, 2, GrowingLines())
    change_a_byte(run / RESUME / "chunks" / "000001.ndjson")
    with pytest.raises(DamagedResultsError, match=r"^chunk 1: expected its part of results.ndjson"):
        read_lines(run / RESUME, CHUNK, 0, 2, GrowingLines())


def test_a_chunk_that_was_damaged_while_files_were_joined_is_noticed(run: Path) -> None:
    state = run / RESUME
    files = ChunkFiles(state / "chunks")
    stitch(state, files, files.count(), lambda: None)
    check_chunks(state, files, files.count())
    change_a_byte(state / "results.ndjson")
    with pytest.raises(DamagedResultsError, match=r"^results.ndjson: expected \d+ bytes as they were written"):
        read_lines(state, CHUNK, 0, 2, GrowingLines())
    with pytest.raises(DamagedResultsError):
        check_chunks(state, files, files.count())
