"""M2: rows that somebody else has written into the queue's database."""

import base64
import pickle
import sqlite3
from contextlib import suppress
from pathlib import Path

from harness.clips import cut
from harness.job_stores import request, running_store, wait_complete
from tracker_service.errors import JobError


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
