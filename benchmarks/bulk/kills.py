"""What is lost when commands and workers are killed: the results are compared with those of an undisturbed run."""

import random
import time
from typing import Any

from benchmarks.bulk.stored_clips import StoredClips
from harness.bulk.disturbed_run import DisturbedRun, marks_in
from tracker_service.bulk.scratch import folder_bytes

_UNDISTURBED = "out1"
"""Where `benchmarks.bulk.speed` has put the results of one worker."""
_COMPARED = ("results.ndjson", "tracks.pkl")
_LONGEST_WAIT = 3.0
"""Seconds from there to the kill. Raising it spreads the kills over more of a video."""
_PAUSE = 0.2
"""Seconds between two looks."""


def killed_runs(clips: StoredClips, kills: int) -> dict[str, Any]:
    """Kill commands and workers in turn at random moments, then let the run end; return the row of the table."""
    moments, out, scratch = random.Random(7), clips.place.child("killed"), clips.folder / "scratch"
    arguments = [str(clips.manifest), "--out", out.address, "--scratch", str(scratch), "--workers", "2", "--no-overlay"]
    row = {"runs": 0, "drivers killed": 0, "workers killed": 0, "twice": 0}
    known: dict[str, bytes] = {}
    run = DisturbedRun(arguments, clips.environment)
    row["runs"] += 1
    for kill in range(kills):
        # A command dies when it has finished another video, a worker while it tracks one.
        while not kill % 2 and run.is_running and len(marks_in(out, clips.names)) <= len(known):
            time.sleep(_PAUSE)
        time.sleep(moments.uniform(0, _LONGEST_WAIT))
        workers = _tracking(run)
        if kill % 2 and workers:
            workers[0].kill()
            row["workers killed"] += 1
        elif run.is_running:
            run.kill()
            row["drivers killed"] += 1
            row["twice"] += _changed(known, marks_in(out, clips.names))
            run = DisturbedRun(arguments, clips.environment)
            row["runs"] += 1
    answer = run.answer()
    marks = marks_in(out, clips.names)
    row["twice"] += _changed(known, marks)
    states = [video["state"] for video in answer["videos"]]
    return {
        **row,
        "videos": len(states),
        "lost": len(clips.names) - len(marks) + states.count("failed"),
        "different": sum(_differs(clips, name) for name in clips.names),
        "left MB": folder_bytes(scratch) / 1e6,
    }


def _tracking(run: DisturbedRun) -> list[Any]:
    """Return the workers that track a video, once there are any; none where the run has ended."""
    while run.is_running:
        if workers := run.workers():
            return workers
        time.sleep(_PAUSE)
    return []


def _changed(known: dict[str, bytes], marks: dict[str, bytes]) -> int:
    """Return how many videos that were finished have been computed again, and keep the marks."""
    changed = sum(known[name] != marks.get(name) for name in known)
    known.update(marks)
    return changed


def _differs(clips: StoredClips, name: str) -> bool:
    def content(out: str) -> list[bytes | None]:
        return [clips.place.child(f"{out}/{name}/{file}").read() for file in _COMPARED]

    return content("killed") != content(_UNDISTURBED)
