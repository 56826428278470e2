"""A service with its workers, started, killed and started again in the same place."""

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil

from harness.job_stores import workers
from harness.running_service import RunningService
from harness.waiting import until

CHUNK = 4
_FINAL = ("completed", "failed", "cancelled")
_SETTINGS = (
    f"jobs.chunk_frames={CHUNK}",
    "jobs.poll_seconds=0.1",
    "jobs.free_bytes=2097152",
    "inference.threads=1",
    "service.log_format=text",
)


class ServiceTree:
    """A service process and the workers below it.

    Args:
        folder: of everything it writes.
        videos: folder from which it may take videos.
        settings: further ``key=value`` overrides.
        environment: added to this process's environment.
        forked: whether a process that has the imports already is forked; an interpreter reads its own variables only
            where it is not.
    """

    def __init__(
        self,
        folder: Path,
        videos: Path,
        *settings: str,
        environment: dict[str, str] | None = None,
        forked: bool = True,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        roots = orjson.dumps([str(videos)]).decode()
        rooted = (*_SETTINGS, f"media.roots={roots}", *settings)
        self.service = RunningService(folder, *rooted, environment=environment, forked=forked)

    def start(self) -> None:
        """Start the service and wait until it takes jobs."""
        self.service.start(ready=False)
        until(lambda: self.service.get("/jobs").status_code == 200)

    def workers(self) -> list[psutil.Process]:
        """Return its workers."""
        return workers(self.service.process.pid)

    def submit(self, video: Path, **fields: Any) -> str:
        """Queue a video with an overlay; returns the job's id."""
        answer = self.service.post("/jobs", json={"video_path": str(video), "overlay": True, **fields})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the job as clients see it."""
        found: dict[str, Any] = self.service.get(f"/jobs/{job_id}").json()
        return found

    def wait_final(self, job_id: str) -> dict[str, Any]:
        """Return the job once it is final; the service may be away for a moment."""

        def final() -> dict[str, Any] | None:
            try:
                job = self.job(job_id)
            except httpx.HTTPError:
                return None
            return job if job["state"] in _FINAL else None

        return until(final, pause=0.2)

    def wait_frames(self, job_id: str, frames: int) -> None:
        """Wait until that many frames are done."""

        def done() -> bool:
            job = self.job(job_id)
            assert job["state"] not in ("failed", "cancelled"), job
            return bool(job["frames_done"] >= frames)

        until(done)

    def files(self, job_id: str) -> Path:
        """Return the folder of a job."""
        return self.service.folder / "jobs" / "jobs" / job_id

    def kill_service(self) -> None:
        """End the service alone with kill -9; its workers have to notice."""
        orphans = self.workers()
        os.kill(self.service.process.pid, signal.SIGKILL)
        self.service.process.wait()
        psutil.wait_procs(orphans, 30)
        assert not [orphan for orphan in orphans if orphan.is_running()], "a worker outlived its service"

    def close(self) -> None:
        """End everything at once."""
        self.service.kill()
