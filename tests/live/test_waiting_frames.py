"""Which of the frames that wait is computed next, and that each is accounted for."""

import time
from dataclasses import dataclass
from threading import Thread

import pytest

from tracker_service.errors import VideoError
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.live.waiting_frames import WaitingFrames


@dataclass(frozen=True)
class Waiter:
    """A frame that arrived some seconds ago."""

    number: int
    ago: float = 0.0
    arrived: float = 0.0

    @classmethod
    def of(cls, number: int, ago: float = 0.0) -> "Waiter":
        return cls(number, ago, time.monotonic() - ago)


def taken(waiting: WaitingFrames[Waiter]) -> list[tuple[int, int]]:
    """Numbers of the frames that come to their turn, and how many were skipped before each."""
    waiting.end()
    found = []
    while (turn := waiting.take()) is not None:
        found.append((turn.item.number, turn.skipped))
    return found


def test_frames_that_wait_shortly_are_all_computed_in_order() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters(latency_ms=60_000))
    for number in range(4):
        waiting.give(Waiter.of(number))
    assert taken(waiting) == [(0, 0), (1, 0), (2, 0), (3, 0)]


def test_once_a_frame_has_waited_too_long_only_the_newest_is_computed() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters(latency_ms=5_000))
    for number in range(4):
        waiting.give(Waiter.of(number, ago=10.0 - number))
    assert taken(waiting) == [(3, 3)]


def test_a_late_frame_is_computed_where_there_is_none_newer() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters(latency_ms=0))
    waiting.give(Waiter.of(7, ago=10.0))
    assert taken(waiting) == [(7, 0)]


def test_a_frame_that_finds_no_room_pushes_the_oldest_out() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters(latency_ms=60_000, waiting_frames=2))
    for number in range(5):
        waiting.give(Waiter.of(number))
    assert taken(waiting) == [(3, 3), (4, 0)]


def test_without_dropping_the_source_waits_and_every_frame_is_computed() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters(drop="none", waiting_frames=2, latency_ms=0))

    def give() -> None:
        for number in range(6):
            waiting.give(Waiter.of(number, ago=100.0))
        waiting.end()

    source = Thread(target=give)
    source.start()
    found = []
    while (turn := waiting.take()) is not None:
        found.append((turn.item.number, turn.skipped))
    source.join()
    assert found == [(number, 0) for number in range(6)]


def test_the_error_that_ended_the_frames_is_raised_behind_the_last_one() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters())
    waiting.give(Waiter.of(1))
    waiting.end(VideoError("gone"))
    assert waiting.take() is not None
    with pytest.raises(VideoError, match="gone"):
        waiting.take()


def test_frames_that_are_discarded_at_the_end_count_as_skipped_and_no_more_are_taken() -> None:
    waiting: WaitingFrames[Waiter] = WaitingFrames(LiveParameters(latency_ms=60_000))
    for number in range(3):
        waiting.give(Waiter.of(number))
    waiting.end(discard=True)
    assert waiting.take() is None
    assert waiting.left_over == 3
    assert not waiting.give(Waiter.of(4))
