"""The worker process of one job: ``python -m tracker_service.jobs.worker``.

What it may prepare and then its task come as a line of JSON each on standard input; what it does is told as lines of
JSON on standard output. Standard input stays open for as long as the service lives: its end ends the worker, so that no
orphan goes on writing.
"""

import ctypes
import gc
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import BinaryIO

from tracker_service.errors import PhalpTritonError
from tracker_service.jobs.disk import is_full
from tracker_service.jobs.folder import JobDefinition, JobFolder
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.messages import Completed, DiskFull, Locked, Message, Progressed, Refused, encode
from tracker_service.jobs.worker.fence import JobLockedError
from tracker_service.jobs.worker.open_models import OpenModels
from tracker_service.jobs.worker.task import WORKER_PREPARATION, WORKER_TASK
from tracker_service.jobs.worker.video_job import VideoJob
from tracker_service.types.public_text import without_places

_PROGRESS_EVERY = 0.5
_SET_PARENT_DEATH_SIGNAL = 1
_OOM_SCORE = "500"


class Reporter:
    """Writes messages to the service; progress not more often than it is of use."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._last_progress = 0.0

    def send(self, message: Message) -> None:
        """Write a message."""
        with self._lock:
            if isinstance(message, Progressed):
                if (now := time.monotonic()) - self._last_progress < _PROGRESS_EVERY:
                    return
                self._last_progress = now
            self._stream.write(encode(message))
            self._stream.flush()


def main() -> None:
    """Do the task on standard input; an unexpected error ends the process with status 1 and a traceback."""
    reporter = Reporter(_private_output())
    gc.freeze()  # modules are never looked through again
    gc.enable()
    _prepare_process()
    probable = WORKER_PREPARATION.validate_json(sys.stdin.buffer.readline())
    models = OpenModels.of(probable) if probable else None
    if not (line := sys.stdin.buffer.readline()):
        return  # the service has ended before there was a task
    task = WORKER_TASK.validate_json(line)
    job = JobDefinition.read(JobFolder(task.folder))
    Thread(target=_exit_with_service, name="service", daemon=True).start()
    try:
        work = VideoJob(task, job, reporter.send, models)
        with work.traced():
            work.run()
        reporter.send(Completed())  # the service ends this process when it hears that
    except JobLockedError as error:
        reporter.send(Locked(str(error)))
    except (PhalpTritonError, OSError) as error:
        if is_full(error):
            reporter.send(DiskFull("no room for results on the disk"))
        elif isinstance(error, PhalpTritonError):
            reporter.send(Refused(public_reason(str(error), job.request)))
        else:
            raise


def public_reason(text: str, request: JobRequest) -> str:
    """Return one line without places of this host; the video is called as its client named it."""
    shown = "\0"
    for path in (request.source, request.source.resolve()):
        text = text.replace(str(path), shown)
    return " ".join(without_places(text).replace(shown, request.shown_source).split())


def _private_output() -> BinaryIO:
    """Keep standard output for messages alone: what libraries print goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _prepare_process() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    # Ctrl-C in a terminal reaches the whole group; the service decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            # The end of standard input says the same, but is only noticed while Python code runs.
            ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)


def _exit_with_service() -> None:
    while sys.stdin.buffer.readline():
        pass
    os._exit(1)
