"""What ``phalp-triton bulk`` says while it runs, and at its end."""

import time
from collections import Counter
from typing import Any

from rich.console import Console

from tracker_service.bulk.failures import FAILURES
from tracker_service.bulk.run import BulkProgress
from tracker_service.bulk.work import Outcome
from tracker_service.types.shown_text import encodable, on_one_line

_LINE_EVERY_SECONDS = 5.0
_FAILURES_SHOWN = 20
_NAMES_SHOWN = 4


class BulkLines:
    """A line of progress now and then.

    Args:
        console: where to.
        total: number of videos.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._start = time.monotonic()
        self._last = float("-inf")
        self._told = ""

    def show(self, progress: BulkProgress) -> None:
        """Print a line if the last one is old enough and said something else."""
        line = self._line(progress)
        if time.monotonic() - self._last < _LINE_EVERY_SECONDS or line == self._told:
            return
        self._last, self._told = time.monotonic(), line
        hour = (
            Counter(outcome.state for outcome in progress.outcomes)["done"] / (self._last - self._start + 1e-9) * 3600
        )
        rate = f", {hour:.0f} videos/h" if hour else ""
        self._console.print(f"{line}{rate}", highlight=False, markup=False, soft_wrap=True)

    def _line(self, progress: BulkProgress) -> str:
        states = Counter(outcome.state for outcome in progress.outcomes)
        names = [on_one_line(task.name) for task in progress.running]
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        parts = [
            f"videos {len(progress.outcomes)} of {self._total}",
            f"{states['finished']} finished before" if states["finished"] else "",
            f"{states['failed']} failed" if states["failed"] else "",
            f"{progress.deaths} workers died" if progress.deaths else "",
            f"tracking {', '.join(names[:_NAMES_SHOWN])}{more}" if names else "",
        ]
        return ", ".join(part for part in parts if part)


def outcome_lines(run: BulkProgress, seconds: float) -> list[str]:
    """Return what is printed at the end: counts, and the first failures with their reasons."""
    outcomes = run.outcomes
    states = Counter(outcome.state for outcome in outcomes)
    frames = sum(outcome.frames for outcome in outcomes if outcome.state == "done")
    rows = [
        ("videos", str(len(outcomes))),
        ("done", f"{states['done']} ({frames} frames in {seconds:.1f} s)"),
        ("finished before", str(states["finished"])),
        ("failed", str(states["failed"])),
    ]
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    rows += [("failed video", _failure(each)) for each in failed[:_FAILURES_SHOWN]]
    if len(failed) > _FAILURES_SHOWN:
        rows.append(("", f"and {len(failed) - _FAILURES_SHOWN} more, all in {FAILURES}"))
    return [f"{name:<15} {value}" for name, value in rows]


def _failure(outcome: Outcome) -> str:
    address, reason = on_one_line(outcome.task.address), on_one_line(outcome.reason)
    return reason if reason.startswith(address) else f"{address}: {reason}"


def outcome_json(run: BulkProgress, seconds: float) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    videos = [
        {
            "video": encodable(outcome.task.address),
            "name": outcome.task.name,
            "state": outcome.state,
            "frames": outcome.frames,
            "people": outcome.people,
            "attempts": outcome.task.attempt,
            "reason": encodable(outcome.reason) or None,
        }
        for outcome in run.outcomes
    ]
    return {"seconds": seconds, "workers": run.workers, "workers_died": run.deaths, "videos": videos}
