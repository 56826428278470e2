"""The worker process of one job: ``python -m tracker_service.jobs.worker``.

Its task comes as one line of JSON on standard input; what it does is told as lines of JSON on standard output. Standard
input stays open for as long as the service lives: its end ends the worker.
"""

import os
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

import orjson

from tracker_service.assembly import Progress, track_video
from tracker_service.errors import PhalpTritonError
from tracker_service.jobs.messages import Committed, Completed, Message, Opened, Progressed, Refused, encode
from tracker_service.settings import load_settings

_REPORT_SECONDS = 0.5


class Reporter:
    """Writes messages to the service."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        self._stream.write(encode(message))
        self._stream.flush()


def main() -> None:
    task = orjson.loads(sys.stdin.buffer.readline())
    reporter = Reporter(_private_output())
    Thread(target=_die_with_service, name="service", daemon=True).start()
    try:
        _track(task, reporter)
    except PhalpTritonError as error:
        reporter.send(Refused(str(error).replace(task["source"], task["shown_source"])))


def _track(task: dict[str, Any], reporter: Reporter) -> None:
    settings = load_settings(task["settings"])
    last = time.monotonic()
    done = 0

    def report(progress: Progress) -> None:
        nonlocal last, done
        if done == 0:
            reporter.send(Opened(progress.total))
        done = progress.done
        if time.monotonic() - last > _REPORT_SECONDS:
            last = time.monotonic()
            reporter.send(Progressed(done))

    track_video(settings, task["source"], Path(task["folder"]), progress=report)
    reporter.send(Committed(0, done, last=True))
    reporter.send(Completed())


def _private_output() -> BinaryIO:
    """Keep standard output for messages alone: what libraries print goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _die_with_service() -> None:
    while sys.stdin.buffer.readline():
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
