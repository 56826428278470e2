"""A service with videos to track, and what tests ask of it again and again."""

import shutil
from pathlib import Path
from typing import Any

import httpx
import orjson

from harness.running_service import ROOT, RunningService
from harness.waiting import until

SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
WINDOWS = r"C:\Users\me"
JOB_FRAMES = 6
"""Frames of the finished job that tests look at."""


class VideoService(RunningService):
    """A running service whose own folder is a media root and, to Windows clients, ``C:\\Users\\me``.

    Args:
        folder: of the service; the sample is put into it as ``clip.mp4``.
        settings: ``key=value`` overrides.
        options: of `RunningService`.
    """

    def __init__(self, folder: Path, *settings: str, **options: Any) -> None:
        self.clip = folder / "clip.mp4"
        self.uploads = folder / "jobs" / "uploads"
        if not self.clip.exists():
            shutil.copyfile(SAMPLE, self.clip)
        rules = orjson.dumps([{"client": WINDOWS, "host": str(folder)}]).decode()
        roots = orjson.dumps([str(folder)]).decode()
        super().__init__(
            folder,
            f"media.roots={roots}",
            f"media.rules={rules}",
            "jobs.chunk_frames=8",
            *settings,
            forked=True,
            **options,
        )

    def queue(self, client: httpx.Client | None = None, **fields: Any) -> str:
        """Queue the clip and return the job's id; ``fields`` are those of the JSON body."""
        fields = {"video_path": str(self.clip), "max_frames": 6, "overlay": False, **fields}
        answer = (client or self).post("/jobs", json=fields)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the job."""
        found: dict[str, Any] = self.get(f"/jobs/{job_id}").json()
        return found

    def delete(self, job_id: str) -> httpx.Response:
        """Cancel or forget the job."""
        with self.client() as client:
            return client.delete(f"/jobs/{job_id}")

    def wait_for(self, job_id: str, *states: str, pause: float = 0.1) -> dict[str, Any]:
        """Return the job once it is in one of ``states``; ``pause`` is that of `until`."""
        job: dict[str, Any] = until(
            lambda: found if (found := self.job(job_id))["state"] in states else None, pause=pause
        )
        return job

    def wait_complete(self, job_id: str) -> dict[str, Any]:
        """Return the job once it is final, which must be complete."""
        job = self.wait_for(job_id, "completed", "failed", "cancelled", pause=0.2)
        assert job["state"] == "completed", job
        return job

    def wait_idle(self) -> None:
        """Wait until no job is computed or waits."""
        active = ("queued", "running", "paused")
        until(lambda: not any(self.get("/jobs", params={"state": state}).json()["jobs"] for state in active), pause=0.2)

    def uploaded(self) -> list[str]:
        """Return the names of the files that are being uploaded or belong to jobs."""
        return sorted(path.name for path in self.uploads.iterdir()) if self.uploads.exists() else []
