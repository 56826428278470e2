"""A bulk run: leave out what is finished, deal out the rest, tell what became of everything."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tracker_service.bulk.ray_workers import Lost, RayWorkers, joined_ray, worker_count
from tracker_service.bulk.schedule import Schedule
from tracker_service.bulk.scratch import remove_abandoned
from tracker_service.bulk.storage import Place
from tracker_service.bulk.work import BulkWork, Outcome, VideoTask
from tracker_service.bulk.worker import finished, run_digest
from tracker_service.errors import BulkError, StorageError, StorageUnavailableError

_LOOKS_AT_ONCE = 16
"""Marks read at the same time: each waits for the storage only."""
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """Where a run stands.

    Attributes:
        outcomes: of videos, those that were finished before included.
        running: videos that are tracked now.
        workers: how many there are.
        deaths: of workers.
    """

    outcomes: Sequence[Outcome]
    running: tuple[VideoTask, ...]
    workers: int
    deaths: int


def run_bulk(
    work: BulkWork, tasks: Sequence[VideoTask], ray_address: str | None, report: Callable[[BulkProgress], None]
) -> BulkProgress:
    """Track all videos that are not finished and return what became of all, outcomes in the order of the tasks.

    Args:
        work: what is the same for all.
        tasks: the videos.
        ray_address: see `tracker_service.bulk.ray_workers.joined_ray`.
        report: called about once a second, and after every outcome.

    Raises:
        BulkError: Ray cannot be had, or its workers cannot start.
        SettingsError: what is asked for is not installed or does not fit.
    """
    outcomes: dict[VideoTask, Outcome] = {}
    left: list[VideoTask] = []
    for task, outcome in look_at(work, tasks):
        if outcome is None:
            left.append(task)
        else:
            outcomes[task] = outcome
            report(BulkProgress(list(outcomes.values()), (), 0, 0))
    last = BulkProgress((), (), 0, 0)
    if left:
        last = _tracked(work, left, ray_address, partial(_with_earlier, report, list(outcomes.values())))
    by_name = {outcome.task.name: outcome for outcome in (*outcomes.values(), *last.outcomes)}
    return BulkProgress([by_name[task.name] for task in tasks], (), last.workers, last.deaths)


def look_at(work: BulkWork, tasks: Sequence[VideoTask]) -> Iterator[tuple[VideoTask, Outcome | None]]:
    """Yield each video with its outcome where it is finished or cannot be had, None where it is to be tracked."""
    look = partial(_look, work, run_digest(work))
    with ThreadPoolExecutor(_LOOKS_AT_ONCE) as pool:
        yield from zip(tasks, pool.map(look, tasks), strict=True)


def _look(work: BulkWork, digest: str, task: VideoTask) -> Outcome | None:
    try:
        mark = finished(work, digest, task, Place(task.address).identity())
    except StorageUnavailableError:
        return None  # a worker tries again
    except StorageError as error:
        return Outcome(task, "failed", reason=str(error))
    return None if mark is None else Outcome(task, "finished", frames=mark.frames, people=mark.people)


def _with_earlier(report: Callable[[BulkProgress], None], earlier: list[Outcome], now: BulkProgress) -> None:
    report(BulkProgress([*earlier, *now.outcomes], now.running, now.workers, now.deaths))


def _tracked(
    work: BulkWork, tasks: Sequence[VideoTask], ray_address: str | None, report: Callable[[BulkProgress], None]
) -> BulkProgress:
    bulk = work.settings.bulk
    schedule = Schedule(tasks, attempts=bulk.video_attempts, ahead=bulk.downloads_ahead, pause=bulk.retry_pause)
    try:
        with joined_ray(ray_address, bulk) as ray:
            workers = RayWorkers(ray, work, worker_count(ray, bulk, len(tasks)), local=ray_address is None)
            dealing = _Dealing(workers, schedule, bulk.video_attempts)
            while not schedule.is_over:
                dealing.step()
                report(BulkProgress(dealing.outcomes, schedule.running, workers.count, dealing.deaths))
            workers.close()
    finally:
        remove_abandoned(bulk.scratch)
    return BulkProgress(dealing.outcomes, (), workers.count, dealing.deaths)


@dataclass(slots=True)
class _Dealing:
    """Gives idle workers their next video and takes what comes back.

    Attributes:
        workers: of the run.
        schedule: what is left.
        most_deaths: of workers one after the other that never started.
        outcomes: so far.
        deaths: of workers.
    """

    workers: RayWorkers
    schedule: Schedule
    most_deaths: int
    outcomes: list[Outcome] = field(default_factory=list)
    deaths: int = 0
    _dead_starts: int = 0

    def step(self) -> None:
        """Deal out what there is, and wait for what happens next, about a second at most."""
        for worker in self.workers.idle:
            if (assignment := self.schedule.assign(worker, time.monotonic())) is not None:
                self.workers.begin(worker, assignment)
        for worker, event in self.workers.events(_SECONDS_BETWEEN_LOOKS):
            if isinstance(event, Lost):
                outcome = self._replaced(worker, event)
            else:
                outcome = self.schedule.answered(worker, event, time.monotonic())
            if outcome is not None:
                self.outcomes.append(outcome)

    def _replaced(self, worker: int, event: Lost) -> Outcome | None:
        self.deaths += 1
        self._dead_starts = 0 if event.working else self._dead_starts + 1
        if self._dead_starts >= self.most_deaths:
            raise BulkError(f"bulk: expected workers that start, got {self._dead_starts} deaths: {event.reason}")
        outcome = self.schedule.lost(worker, time.monotonic())
        self.workers.replace(worker)
        return outcome
