"""Small files of a job that somebody has spoilt."""

from pathlib import Path

import pytest

from tracker_service.jobs.folder import JobFolder, JobStatus
from tracker_service.jobs.worker.fence import Fence, JobLockedError


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00", b"[1]", b'"text"', b'{"frames_done": "many"}', b'{"attempts": null}', b'{"paused": 7}'],
)
def test_a_spoilt_status_counts_as_none(tmp_path: Path, content: bytes) -> None:
    folder = JobFolder(tmp_path)
    folder.status.write_bytes(content)
    assert folder.read_status() == JobStatus()


@pytest.mark.parametrize("content", [b"garbage", b"\xff" * 100, b"9" * 20, b"1" * 32, b"1" * 500, b"-5\n", b" " * 40])
def test_a_spoilt_lock_is_mended_by_the_next_worker(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "worker.lock"
    path.write_bytes(content)
    with Fence(path) as first:
        first.check()
        assert first.token >= 1
    with Fence(path) as second:
        second.check()
        assert second.token == first.token + 1
        with pytest.raises(JobLockedError):
            first.check()
