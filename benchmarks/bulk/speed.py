"""How fast videos are tracked by so many workers."""

import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bulk.stored_clips import StoredClips
from tracker_service.bulk.run import BulkProgress, run_bulk
from tracker_service.bulk.work import BulkWork, VideoTask
from tracker_service.settings import load_settings


@dataclass(slots=True)
class _Times:
    """When the first video began and when the last outcome came, seconds."""

    outcomes: int = 0
    began: float | None = None
    ended: float = field(default_factory=time.perf_counter)

    def note(self, progress: BulkProgress) -> None:
        """Look at where the run stands."""
        if self.began is None and progress.running:
            self.began = time.perf_counter()
        if len(progress.outcomes) > self.outcomes:
            self.outcomes, self.ended = len(progress.outcomes), time.perf_counter()


def speed(clips: StoredClips, workers: int) -> dict[str, Any]:
    """Track all clips once and return the row of the table; raises `SystemExit` where a video failed."""
    settings = load_settings(
        {"render": {"enable": False}, "bulk": {"workers": workers, "scratch": clips.folder / "scratch"}}
    )
    work = BulkWork(settings, clips.place.child(f"out{workers}").address)
    tasks = [VideoTask(address, name) for address, name in zip(clips.addresses, clips.names, strict=True)]
    times, asked = _Times(), time.perf_counter()
    run = run_bulk(work, tasks, None, times.note)
    if failed := [outcome.reason for outcome in run.outcomes if outcome.state != "done"] or times.began is None:
        raise SystemExit(f"expected all videos done, got {failed}")
    seconds = times.ended - times.began
    frames = sum(outcome.frames for outcome in run.outcomes)
    return {
        "workers": workers,
        "videos": len(tasks),
        "frames": frames,
        "start s": times.began - asked,
        "tracking s": seconds,
        "videos/h": 3600 * len(tasks) / seconds,
        "frames/s": frames / seconds,
    }
