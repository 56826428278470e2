"""Which worker tracks which video next: in order, with a few kept for each, and again what may succeed again."""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from tracker_service.bulk.work import Outcome, VideoTask


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker does next.

    Attributes:
        task: the video that it tracks.
        upcoming: videos kept for it, whose download it may begin.
    """

    task: VideoTask
    upcoming: tuple[VideoTask, ...] = ()


class Schedule:
    """Deals out videos to workers; knows no clock and no worker but by number.

    Args:
        tasks: in the order of the manifest.
        attempts: how often a video is tried.
        ahead: videos kept for each worker beside the one it tracks. Others get them where nothing else is left.
        pause: seconds before a second try; doubled with each further one.
    """

    def __init__(self, tasks: Iterable[VideoTask], *, attempts: int, ahead: int, pause: float) -> None:
        self._attempts, self._ahead, self._pause = attempts, ahead, pause
        self._waiting = deque(tasks)
        self._later: list[tuple[float, int, VideoTask]] = []
        self._order = count()
        self._running: dict[int, VideoTask] = {}
        self._kept: dict[int, deque[VideoTask]] = {}

    @property
    def is_over(self) -> bool:
        """Whether every video has its outcome."""
        return not (self._waiting or self._later or self._running or any(self._kept.values()))

    @property
    def running(self) -> tuple[VideoTask, ...]:
        """The videos that are tracked now."""
        return tuple(self._running.values())

    def assign(self, worker: int, now: float) -> Assignment | None:
        """Return what an idle worker does next, None where there is nothing for it yet.

        Args:
            worker: its number.
            now: seconds of a clock that never goes back.
        """
        while self._later and self._later[0][0] <= now:
            self._waiting.append(heapq.heappop(self._later)[2])
        kept = self._kept.setdefault(worker, deque())
        source = next((each for each in (kept, self._waiting, self._longest_kept()) if each), None)
        if source is None:
            return None
        task = source.popleft()
        while self._waiting and len(kept) < self._ahead:
            kept.append(self._waiting.popleft())
        self._running[worker] = task
        return Assignment(task, tuple(kept))

    def answered(self, worker: int, outcome: Outcome, now: float) -> Outcome | None:
        """Take what a worker made of its video; returns the outcome unless the video is tried again."""
        task = self._running.pop(worker)
        if outcome.state != "failed" or not outcome.may_pass or task.attempt >= self._attempts:
            return outcome
        due = now + self._pause * 2 ** (task.attempt - 1)
        heapq.heappush(self._later, (due, next(self._order), replace(task, attempt=task.attempt + 1)))
        return None

    def lost(self, worker: int, now: float) -> Outcome | None:
        """Take back what a worker had that died; returns the outcome where its video is not tried again."""
        self._waiting.extendleft(reversed(self._kept.pop(worker, deque())))
        task = self._running.get(worker)
        if task is None:
            return None
        died = f"the worker died each of {task.attempt} times" if task.attempt > 1 else "the worker died"
        return self.answered(worker, Outcome(task, "failed", reason=died, may_pass=True), now)

    def _longest_kept(self) -> deque[VideoTask]:
        return max(self._kept.values(), key=len, default=deque())
