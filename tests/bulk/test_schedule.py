"""Which worker gets which video, and when it is tried again."""

from collections import Counter

from tracker_service.bulk.schedule import Schedule
from tracker_service.bulk.work import Outcome, VideoTask


def schedule(*names: str, attempts: int = 3, ahead: int = 0) -> Schedule:
    return Schedule([VideoTask(f"/{name}.mp4", name) for name in names], attempts=attempts, ahead=ahead, pause=10)


def assigned(dealt: Schedule, worker: int, now: float = 0) -> tuple[str, list[str]] | None:
    assignment = dealt.assign(worker, now)
    return None if assignment is None else (assignment.task.name, [task.name for task in assignment.upcoming])


def answer(dealt: Schedule, worker: int, state: str, now: float = 0, *, may_pass: bool = False) -> Outcome | None:
    task = {task.name: task for task in dealt.running}[state.partition(" ")[2]]
    outcome = Outcome(task, "done" if state.startswith("done") else "failed", may_pass=may_pass)
    return dealt.answered(worker, outcome, now)


def test_videos_go_out_in_order_with_a_few_kept_for_each_worker() -> None:
    dealt = schedule(*"abcde", ahead=1)
    assert assigned(dealt, 0) == ("a", ["b"])
    assert assigned(dealt, 1) == ("c", ["d"])
    assert answer(dealt, 0, "done a") is not None
    assert assigned(dealt, 0) == ("b", ["e"])


def test_an_idle_worker_takes_what_is_kept_for_a_busy_one() -> None:
    dealt = schedule(*"ab", ahead=1)
    assert assigned(dealt, 0) == ("a", ["b"])
    assert assigned(dealt, 1) == ("b", [])
    answer(dealt, 0, "done a")
    assert assigned(dealt, 0) is None
    assert not dealt.is_over
    answer(dealt, 1, "done b")
    assert dealt.is_over


def test_what_may_pass_is_tried_again_after_longer_and_longer_pauses() -> None:
    dealt = schedule("a", attempts=3)
    assigned(dealt, 0)
    assert answer(dealt, 0, "failed a", now=0, may_pass=True) is None
    assert assigned(dealt, 0, now=9) is None
    assert assigned(dealt, 0, now=10) == ("a", [])
    assert answer(dealt, 0, "failed a", now=10, may_pass=True) is None
    assert assigned(dealt, 0, now=29) is None
    assert assigned(dealt, 0, now=30) == ("a", [])
    final = answer(dealt, 0, "failed a", now=30, may_pass=True)
    assert final is not None
    assert final.task.attempt == 3
    assert dealt.is_over


def test_what_cannot_pass_is_not_tried_again() -> None:
    dealt = schedule("a")
    assigned(dealt, 0)
    assert answer(dealt, 0, "failed a") is not None
    assert dealt.is_over


def test_a_dead_worker_loses_nothing() -> None:
    dealt = schedule(*"abc", ahead=1)
    assert assigned(dealt, 0) == ("a", ["b"])
    assert dealt.lost(0, now=0) is None
    assert assigned(dealt, 0, now=0) == ("b", ["c"])
    answer(dealt, 0, "done b")
    assert assigned(dealt, 0, now=10) == ("c", ["a"])


def test_a_video_that_kills_every_worker_fails_with_the_reason() -> None:
    dealt = schedule("a", attempts=2)
    assigned(dealt, 0)
    assert dealt.lost(0, now=0) is None
    assigned(dealt, 0, now=10)
    final = dealt.lost(0, now=10)
    assert final is not None
    assert final.reason == "the worker died each of 2 times"
    assert dealt.is_over


def test_a_worker_that_dies_idle_takes_no_video_with_it() -> None:
    dealt = schedule("a")
    assert dealt.lost(0, now=0) is None
    assert assigned(dealt, 1) == ("a", [])


def test_every_video_has_one_outcome_whatever_happens() -> None:
    dealt, outcomes = schedule(*"abcdefgh", ahead=2), Counter[str]()
    held: dict[int, VideoTask] = {}
    for step in range(200):
        worker, now = step % 3, 5.0 * step
        if worker not in held:
            if (assignment := dealt.assign(worker, now)) is not None:
                held[worker] = assignment.task
            continue
        failed = Outcome(held.pop(worker), "failed", may_pass=step % 7 == 0)
        outcome = dealt.lost(worker, now) if step % 5 == 0 else dealt.answered(worker, failed, now)
        if outcome is not None:
            outcomes[outcome.task.name] += 1
    assert dealt.is_over
    assert outcomes == Counter("abcdefgh")
