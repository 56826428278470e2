"""Reading ahead and mapping in order: bounded, ordered, and gone when the consumer leaves."""

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_service.errors import SettingsError
from tracker_service.pipeline.overlap import map_in_order, read_ahead
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.windows import windows


class BrokenStreamError(Exception):
    pass


def counting(limit: int, taken: list[int], fail_at: int | None = None) -> Iterator[int]:
    for number in range(limit):
        if number == fail_at:
            raise BrokenStreamError(number)
        taken.append(number)
        yield number


def threads_named(prefix: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(prefix)]


@given(st.integers(0, 30), st.integers(1, 7))
def test_read_ahead_yields_the_same_items(count: int, depth: int) -> None:
    assert list(read_ahead(range(count), depth)) == list(range(count))


def test_read_ahead_takes_no_more_than_its_depth() -> None:
    taken: list[int] = []
    stream = read_ahead(counting(100, taken), depth=3)
    next(stream)
    time.sleep(0.2)
    assert len(taken) <= 1 + 3 + 1  # given out, waiting in the queue, held by the thread
    stream.close()
    assert not threads_named("read-ahead")


def test_read_ahead_raises_the_streams_error_after_what_came_before() -> None:
    received: list[int] = []
    with pytest.raises(BrokenStreamError):
        received.extend(read_ahead(counting(10, [], fail_at=4), depth=2))
    stream = read_ahead(counting(10, [], fail_at=4), depth=2)
    assert [next(stream) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(BrokenStreamError):
        next(stream)


@given(st.integers(0, 30), st.integers(1, 4), st.integers(1, 6))
def test_map_in_order_keeps_the_order(count: int, workers: int, in_flight: int) -> None:
    results = map_in_order(lambda n: n * n, range(count), workers=workers, in_flight=in_flight)
    assert list(results) == [n * n for n in range(count)]


def test_map_in_order_keeps_the_order_when_early_items_are_slow() -> None:
    def slow_start(number: int) -> int:
        time.sleep(0.05 if number == 0 else 0)
        return number

    assert list(map_in_order(slow_start, range(8), workers=4, in_flight=4)) == list(range(8))


def test_map_in_order_takes_no_more_than_in_flight() -> None:
    taken: list[int] = []
    stream = map_in_order(lambda n: n, counting(100, taken), workers=2, in_flight=3)
    assert next(stream) == 0
    assert len(taken) <= 3
    stream.close()


def test_map_in_order_gives_a_ready_result_before_in_flight_items_have_come() -> None:
    taken: list[int] = []

    def slow_source() -> Iterator[int]:
        for number in counting(40, taken):
            time.sleep(0.01)
            yield number

    stream = map_in_order(lambda n: n, slow_source(), workers=2, in_flight=40)
    assert next(stream) == 0
    assert len(taken) < 40
    stream.close()


def test_map_in_order_raises_an_items_error_in_its_turn() -> None:
    def fail_at_two(number: int) -> int:
        if number == 2:
            raise BrokenStreamError(number)
        return number

    stream = map_in_order(fail_at_two, range(6), workers=2, in_flight=4)
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(BrokenStreamError):
        next(stream)
    assert not threads_named("window")


@given(st.integers(0, 40), st.integers(1, 12))
def test_windows_cut_the_stream_without_loss(count: int, size: int) -> None:
    cut = list(windows(range(count), size))
    assert [n for window in cut for n in window] == list(range(count))
    assert all(len(window) == size for window in cut[:-1])


def test_windows_at_the_beginning_are_given_in_quarters() -> None:
    lengths = [len(window) for window in windows(range(24), 5, quartered=2)]
    assert lengths == [2, 2, 1, 2, 2, 1, 5, 5, 4]


def test_windows_need_a_size() -> None:
    with pytest.raises(SettingsError, match="expected at least 1 frame, got 0"):
        list(windows(range(3), 0))


def test_stage_times_count_the_producers_time_only() -> None:
    times = StageTimes()

    def slow() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.02)
            yield number

    for _ in times.measure_each("decode", slow()):
        time.sleep(0.05)
    with times.measure("track"):
        pass
    seconds = times.seconds()
    assert list(seconds) == ["decode", "track"]
    assert 0.06 <= seconds["decode"] < 0.15
