"""Memory, disk and speed of a long job on a real service, against the command line on the same video."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psutil

from benchmarks.pipeline import run
from harness.clips import cut, repeat
from harness.job_stores import workers
from harness.running_service import RunningService
from tracker_service.jobs.disk import used_bytes

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "snow_promenade.mp4"
REPLAY = ("-m", "benchmarks.long_video.replay", "serve")
_READ_EVERY_SECONDS = 0.5
_SETTLED = 0.25
"""Share of the run after which memory should no longer grow."""


def real_run(folder: Path, frames: int) -> dict[str, Any]:
    """Track the sample, repeated to ``frames`` frames, with the lite models."""
    video = folder / "long.mp4"
    return _measured(folder / "real", video, repeat(SAMPLE, video, frames), ("-m", "tracker_service", "serve"))


def replayed_run(folder: Path, frames: int) -> dict[str, Any]:
    """Track a smaller copy of the sample, repeated to ``frames`` frames, with recorded model outputs."""
    video, small = folder / "replayed.mp4", cut(folder / "small.mp4", 250, first=0, width=480)
    return _measured(folder / "replayed", video, repeat(small, video, frames), REPLAY)


def speeds(folder: Path, frames: int, runs: int) -> list[dict[str, Any]]:
    """Track the same video as a job and on the command line, in turns; the best of each counts."""
    video = folder / "speed.mp4"
    repeat(SAMPLE, video, frames)
    job, line = [], []
    for number in range(runs):
        found = _measured(folder / f"speed{number}", video, frames, ("-m", "tracker_service", "serve"))
        job.append(found["fps"])
        line.append(float(run(video, [])["fps"]))
    return [
        {"way": way, "best_fps": max(found), "all_fps": " and ".join(f"{fps:.1f}" for fps in found)}
        for way, found in (("job", job), ("command line", line))
    ]


def _measured(folder: Path, video: Path, frames: int, command: tuple[str, ...]) -> dict[str, Any]:
    folder.mkdir()
    roots = orjson.dumps([str(video.parent)]).decode()
    with RunningService(folder, f"media.roots={roots}", "service.log_format=text", command=command) as service:
        service.wait_ready()
        body = {"video_path": str(video), "overlay": False}
        job_id = service.post("/jobs", json=body).json()["job_id"]
        readings, job = _watch(service, job_id)
        files = folder / "jobs" / "jobs" / job_id
        if job["state"] != "completed":
            raise SystemExit(f"the job ended as {job['state']}: {job['reason']}")
        summary = orjson.loads((files / "summary.json").read_bytes())
        return {
            "frames": summary["frames"],
            "asked_frames": frames,
            "fps": summary["fps"],
            "seconds_from_start_to_end": job["completed_at"] - job["started_at"],
            "service": growth(readings, "service"),
            "worker": growth(readings, "worker"),
            "disk_mib": used_bytes(files) / 2**20,
            "most_disk_mib": max(row["disk"] for row in readings),
            "people_per_frame": (summary["seen"] + summary["predicted"]) / summary["frames"],
            "readings": readings[:: max(len(readings) // 100, 1)],
        }


def _watch(service: RunningService, job_id: str) -> tuple[list[dict[str, float]], dict[str, Any]]:
    readings: list[dict[str, float]] = []
    process, files = psutil.Process(service.process.pid), service.folder / "jobs" / "jobs" / job_id
    with service.client() as client:
        while True:
            job: dict[str, Any] = client.get(f"/jobs/{job_id}").json()
            if job["state"] in ("completed", "failed", "cancelled"):
                return readings, job
            try:
                worker = sum(child.memory_info().rss for child in workers(process.pid))
            except psutil.NoSuchProcess:
                continue
            readings.append(
                {
                    "frames": float(job["frames_done"]),
                    "service": process.memory_info().rss / 2**20,
                    "worker": worker / 2**20,
                    "disk": used_bytes(files) / 2**20,
                }
            )
            time.sleep(_READ_EVERY_SECONDS)


def growth(readings: list[dict[str, float]], name: str) -> dict[str, float]:
    """Return the peak in MiB and, once it has settled, the slope in MB per 10,000 frames by least squares."""
    last = readings[-1]["frames"]
    settled = [row for row in readings if last * _SETTLED <= row["frames"] < last and row[name] > 0]
    frames = np.array([row["frames"] for row in settled])
    megabytes = np.array([row[name] for row in settled]) * 2**20 / 1e6
    if len(set(frames.tolist())) < 2:
        return {"peak_mib": max(row[name] for row in readings), "mb_per_10000_frames": float("nan")}
    slope = float(np.polyfit(frames, megabytes, 1)[0]) * 10_000
    return {"peak_mib": max(row[name] for row in readings), "mb_per_10000_frames": slope}
