"""M1, M2: files exchanged after they were checked, and rows that somebody else has written into the queue."""

import base64
import pickle
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from harness.clips import SAMPLE, cut
from harness.job_stores import request, running_store, wait_complete
from tracker_service.errors import JobError, VideoError
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.worker.source_file import opened_once
from tracker_service.media import MediaFiles, PathRules


def test_a_file_that_was_put_in_the_place_of_the_checked_one_is_refused(tmp_path: Path) -> None:
    video, outside = tmp_path / "clip.mp4", cut(tmp_path / "outside.mp4", 2, width=320)
    video.write_bytes(outside.read_bytes())
    checked, opened = MediaFiles([tmp_path], PathRules([])).open(str(video))
    video.unlink()
    video.symlink_to(outside)
    with opened, running_store(tmp_path / "store") as store:
        with pytest.raises(VideoError, match="another one in its place"):
            store.submit(request(checked.path), opened=opened.fileno())
        assert store.jobs() == []


def test_a_worker_reads_the_file_that_it_has_opened_whatever_is_put_in_its_place(tmp_path: Path) -> None:
    video, outside, links = tmp_path / "clip.mp4", tmp_path / "outside.mp4", tmp_path / "links"
    video.write_bytes(SAMPLE.read_bytes())
    outside.write_bytes(b"x" * video.stat().st_size)
    identity = SourceIdentity.of(video)
    with opened_once(video, identity, links) as opened:
        video.unlink()
        video.symlink_to(outside)
        assert opened.read_bytes() == SAMPLE.read_bytes()
    assert not links.exists()
    with pytest.raises(JobError, match="got another one"), opened_once(video, identity, links):
        pass


def test_a_spoilt_row_of_the_queue_does_not_hide_the_others(tmp_path: Path) -> None:
    video = cut(tmp_path / "short.mp4", 2, width=320)
    with running_store(tmp_path) as store:
        jobs = [store.cancel(store.submit(request(video)).id) for _ in range(3)]
        with sqlite3.connect(tmp_path / "queue.sqlite") as queue:
            spoil = "update workflow_status set {} where workflow_uuid = ?"
            queue.execute(spoil.format("created_at = 'never'"), (jobs[0].id,))
            queue.execute(spoil.format("status = 'NO SUCH STATE'"), (jobs[1].id,))
        found = {job.id: job for job in store.jobs()}
        assert set(found) == {jobs[1].id, jobs[2].id}
        assert found[jobs[1].id].reason == "the queue holds a state of this job that is not known"
        assert store.counts().finished == 3


class Touch:
    """Makes a file when it is read from a pickle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


def test_a_pickle_in_the_queue_is_not_read(tmp_path: Path) -> None:
    marker = tmp_path / "was_here"
    pickled = base64.b64encode(pickle.dumps(Touch(marker))).decode()
    with running_store(tmp_path) as store:
        job = store.submit(request(cut(tmp_path / "short.mp4", 2, width=320)))
        wait_complete(store, job.id)
        with sqlite3.connect(tmp_path / "queue.sqlite") as queue:
            queue.execute("update workflow_input set inputs = ?", (pickled,))
            queue.execute("update workflow_output set output = ?", (pickled,))
            queue.execute("update workflow_status set serialization = 'py_pickle'")
        for ask in (lambda: store.get(job.id), store.jobs, store.counts):
            with suppress(JobError):
                ask()
    assert not marker.exists()
