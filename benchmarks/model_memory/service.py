"""What a service holds, by session and job: ``python -m benchmarks.model_memory.service [--json FILE]``.

Memory that no other process shares (USS), of the service with the lite models and of the processes of its jobs. The
sessions are of a service whose models answer from memory: 320 x 320 frames of one person.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.http.frames import jpegs, there_and_back
from benchmarks.http.load import Client, Post, running
from harness.clips import cut
from harness.running_service import RunningService
from harness.tables import Report, add_json_option
from tracker_service.sessions.session_parameters import SessionParameters

_MIB = 2**20
_IMAGES = 24
_SIZE = (320, 320)
_READ_EVERY_SECONDS = 0.1


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20, help="alive at the same time")
    parser.add_argument("--frames", type=int, default=96, help="of the job's video, 1280 pixels wide")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    Report("benchmarks.model_memory.service", options.json).add(
        "service",
        "Memory of a service with the lite models",
        {"what": "what", "mib": "MiB"},
        [*session_rows(options.sessions), *job_rows(options.frames)],
    )


def session_rows(sessions: int) -> list[dict[str, Any]]:
    """Return what a service holds when it is ready, and what each session adds with all the answers that it keeps."""
    images, kept = jpegs(_IMAGES, _SIZE, one_walker=True), SessionParameters().history

    def post(client: Client, session: int, number: int) -> None:
        path = f"/pose/hybrid?mesh=false&session_id=s{session}&frame_number={number}"
        status = client.post(Post(path, images[there_and_back(number, _IMAGES)], {"Content-Type": "image/jpeg"})).status
        if status != 200:
            raise SystemExit(f"expected 200 for a frame, got {status}")

    with running(f"sessions.max_sessions={sessions + 1}", module="harness.replaying_service") as service:
        ready = _own_mib(service.process.pid)
        with Client(service.url) as client:
            for number in range(kept):
                post(client, 0, number)
            first = _own_mib(service.process.pid)
            for session in range(1, sessions + 1):
                for number in range(kept):
                    post(client, session, number)
        full = _own_mib(service.process.pid)
    return [
        {"what": "service, ready", "mib": ready},
        {"what": f"service, its first session with {kept} answers", "mib": first},
        {"what": f"each further session with {kept} answers, mean of {sessions}", "mib": (full - first) / sessions},
    ]


def job_rows(frames: int) -> list[dict[str, Any]]:
    """Return what a job's processes hold at most, and what the service does meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = cut(folder / "walk.mp4", frames, first=0, width=1280)
        with RunningService(folder, "jobs.concurrency=1") as service, service.client() as client:
            before = _own_mib(service.process.pid)
            with video.open("rb") as file:
                sent = client.post("/jobs", files={"video": ("walk.mp4", file)}, data={"overlay": "false"})
            job = sent.json()["job_id"]
            most_worker = most_service = 0.0
            while (state := client.get(f"/jobs/{job}").json()["state"]) in ("queued", "running"):
                most_worker = max(most_worker, _children_mib(service.process.pid))
                most_service = max(most_service, _own_mib(service.process.pid))
                time.sleep(_READ_EVERY_SECONDS)
            if state != "completed":
                raise SystemExit(f"expected a completed job, got {state}")
    return [
        {"what": "a job's processes, most", "mib": most_worker},
        {"what": "the service while a job runs, above what it held before", "mib": most_service - before},
    ]


def _own_mib(pid: int) -> float:
    return float(psutil.Process(pid).memory_full_info().uss) / _MIB


def _children_mib(pid: int) -> float:
    total = 0.0
    for child in psutil.Process(pid).children(recursive=True):
        try:
            total += _own_mib(child.pid)
        except psutil.Error:  # it has just ended
            continue
    return total


if __name__ == "__main__":
    main()
