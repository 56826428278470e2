"""A request that is repeated with its key gives the same job, also when the service was killed in between."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.job_stores import request, running_store, wait_complete
from harness.running_service import ROOT
from tests.jobs.dying_store import KEY
from tracker_service.errors import JobKeyError
from tracker_service.jobs.job import JobState


def killed_while_submitting(folder: Path, clip: Path, point: str, url: str = "") -> None:
    command = [sys.executable, "-m", "tests.jobs.dying_store", str(folder), str(clip), point, url]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr


@pytest.mark.parametrize("point", ["before", "between", "behind"])
def test_a_request_repeated_after_a_crash_gives_one_job(short: Path, tmp_path: Path, point: str) -> None:
    killed_while_submitting(tmp_path, short, point)
    with running_store(tmp_path) as store:
        left_over = [job.id for job in store.jobs()]
        assert len(left_over) == (point == "behind")
        job = store.submit(request(short), key=KEY)
        again = store.submit(request(short), key=KEY)
        assert again.id == job.id
        assert [found.id for found in store.jobs()] == [job.id]
        assert left_over in ([], [job.id])
        assert wait_complete(store, job.id).frames_done == 2
        assert store.submit(request(short), key=KEY).state is JobState.COMPLETED


def test_an_upload_repeated_with_its_key_gives_the_same_job_and_stays_where_it_is(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        first, second, other = (store.uploads / f"{number}.video" for number in range(3))
        for upload in (first, second):
            shutil.copyfile(short, upload)
        other.write_bytes(short.read_bytes() + b"\0")
        job = store.submit(request(first, delete_source=True, shown_source="a.mp4"), key="a")
        assert not first.exists()
        assert store.submit(request(second, delete_source=True, shown_source="a.mp4"), key="a").id == job.id
        assert second.exists()
        with pytest.raises(JobKeyError):
            store.submit(request(other, delete_source=True, shown_source="a.mp4"), key="a")
        wait_complete(store, job.id)


def test_a_key_belongs_to_one_client_and_one_request(short: Path, tmp_path: Path) -> None:
    with running_store(tmp_path) as store:
        job = store.submit(request(short, client="here"), key="a")
        assert store.submit(request(short, client="there"), key="a").id != job.id
        assert store.submit(request(short, client="here"), key="b").id != job.id
        with pytest.raises(JobKeyError, match="expected the request that it was used for before"):
            store.submit(request(short, client="here", max_frames=1), key="a")
        store.cancel(job.id)
        assert store.submit(request(short, client="here"), key="a").state is JobState.CANCELLED
        store.delete(job.id)
        assert store.submit(request(short, client="here"), key="a").state is not JobState.CANCELLED


def test_ids_of_another_store_are_different(short: Path, tmp_path: Path) -> None:
    ids = set()
    for folder in (tmp_path / "one", tmp_path / "two"):
        with running_store(folder) as store:
            ids.add(store.submit(request(short), key="a").id)
    assert len(ids) == 2
