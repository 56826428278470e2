"""A store that is killed in the middle of a submission: ``python -m tests.jobs.dying_store FOLDER CLIP POINT URL``.

``POINT``: ``before`` its folder has its name, ``between`` that and the queue, or ``behind`` the queue. ``URL`` is of a
PostgreSQL database, empty for SQLite.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from harness.job_stores import new_store, request
from tracker_service.jobs.folder import JobFolder
from tracker_service.jobs.queue.database import QueueDatabase

KEY = "the key of a request"


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, clip: str, point: str, url: str) -> None:
    enqueue = QueueDatabase.enqueue

    def enqueue_and_die(database: QueueDatabase, job_id: str, rank: int, client: str) -> None:
        enqueue(database, job_id, rank, client)
        die()

    if point == "before":
        setattr(JobFolder, "write_status", die)  # noqa: B010
    else:
        setattr(QueueDatabase, "enqueue", die if point == "between" else enqueue_and_die)  # noqa: B010
    store = new_store(Path(folder), database_url=url or None)
    store.start()
    store.submit(request(Path(clip)), key=KEY)


if __name__ == "__main__":
    main(*sys.argv[1:])
