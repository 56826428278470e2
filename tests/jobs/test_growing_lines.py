"""Frames are read as soon as they are final, long before their chunk is committed."""

import time
from pathlib import Path

import pytest

from harness.job_stores import request, running_store, wait_complete
from harness.waiting import until
from tests.jobs.conftest import FRAMES
from tracker_service.jobs.chunks.growing_lines import GrowingLines
from tracker_service.jobs.job import JobState


def test_frames_of_a_chunk_can_be_read_while_it_is_computed(clip: Path, tmp_path: Path) -> None:
    with running_store(tmp_path, chunk_frames=240) as store:
        job = store.submit(request(clip))
        early = until(lambda: store.read_lines(job.id))
        assert store.get(job.id).state is JobState.RUNNING
        assert store.get(job.id).frames_done == 0
        lines = [*early]
        while not store.get(job.id).state.final:
            lines += store.read_lines(job.id, len(lines), 5)
            time.sleep(0.02)  # reading all the time would take the time from the worker
        wait_complete(store, job.id)
        while more := store.read_lines(job.id, len(lines)):
            lines += more
        whole = (job.folder / "results.ndjson").read_bytes()
    assert len(lines) == FRAMES
    assert b"".join(line + b"\n" for line in lines) == whole


def test_only_whole_lines_are_read_and_each_once(tmp_path: Path) -> None:
    path, growing = tmp_path / "lines", GrowingLines()
    path.write_bytes(b"a\nb\nc")
    assert growing.read(path, 0, 1) == [b"a"]
    assert growing.read(path, 1, 9) == [b"b"]
    assert growing.read(path, 2, 9) == []
    with path.open("ab") as stream:
        stream.write(b"d\n")
    assert growing.read(path, 2, 9) == [b"cd"]
    assert growing.read(path, 0, 9) == [b"a", b"b", b"cd"]
    assert growing.read(path, 7, 9) == []


def test_a_file_that_begins_again_is_followed_once_it_is_long_enough(tmp_path: Path) -> None:
    path, growing = tmp_path / "lines", GrowingLines()
    path.write_bytes(b"a\nb\n")
    assert growing.read(path, 0, 9) == [b"a", b"b"]
    path.write_bytes(b"a\n")
    assert growing.read(path, 2, 9) == []
    path.write_bytes(b"a\nb\nc\n")
    assert growing.read(path, 2, 9) == [b"c"]


def test_a_place_that_is_no_longer_the_beginning_of_a_line_is_looked_for_again(tmp_path: Path) -> None:
    path, growing = tmp_path / "lines", GrowingLines()
    path.write_bytes(b"a\nb\n")
    assert growing.read(path, 0, 9) == [b"a", b"b"]
    path.write_bytes(b"long\nlonger\nlast\n")
    assert growing.read(path, 2, 9) == [b"last"]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        GrowingLines().read(tmp_path / "missing", 0, 1)
