import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_service.sessions.reorder_buffer import ReorderBuffer
from tracker_service.sessions.session_parameters import SessionParameters

GAP, WAIT = 2.0, 10.0


class Order:
    """A reorder buffer, and the frames that it has released."""

    def __init__(self) -> None:
        self.buffer = ReorderBuffer(SessionParameters(gap_seconds=GAP, wait_seconds=WAIT))

    def arrive(self, *numbers: int, now: float = 0.0, ready: bool = True) -> None:
        for number in numbers:
            self.buffer.add(number, now)
            if ready:
                self.buffer.mark_ready(number, now)

    def released(self, now: float = 0.0) -> list[int]:
        numbers = []
        while (number := self.buffer.pop(now)) is not None:
            numbers.append(number)
        return numbers


@pytest.fixture
def order() -> Order:
    return Order()


def test_frames_that_arrive_in_order_are_released_at_once(order: Order) -> None:
    for number in range(5):
        order.arrive(number)
        assert order.released() == [number]


def test_early_frames_wait_for_the_one_before_them(order: Order) -> None:
    order.arrive(2, 3, 1)
    assert order.released() == []
    order.arrive(0)
    assert order.released() == [0, 1, 2, 3]


def test_a_frame_in_computation_is_waited_for_up_to_the_longest_wait(order: Order) -> None:
    order.arrive(0, ready=False)
    order.arrive(1)
    assert order.released(now=GAP + 1) == []
    assert order.buffer.deadline() == WAIT
    order.buffer.mark_ready(0, GAP + 1)
    assert order.released(now=GAP + 1) == [0, 1]


def test_a_gap_is_skipped_after_the_gap_time(order: Order) -> None:
    order.arrive(0)
    assert order.released() == [0]
    order.arrive(3, 4, now=1)
    assert order.released(now=1) == []
    assert order.buffer.deadline() == 1 + GAP
    assert order.released(now=1 + GAP - 0.01) == []
    assert order.released(now=1 + GAP) == [3, 4]


@pytest.mark.parametrize("event", ["add", "mark_ready", "remove", "pop"])
def test_any_event_restarts_the_gap_time(order: Order, event: str) -> None:
    order.arrive(0)
    order.released()
    order.arrive(8, ready=False)
    order.arrive(5)
    if event == "add":
        order.arrive(9, now=1.5)
    elif event == "mark_ready":
        order.buffer.mark_ready(8, 1.5)
    elif event == "remove":
        order.buffer.remove(8, 1.5)
    else:
        order.arrive(1, now=1.0)
        assert order.released(now=1.5) == [1]
    assert order.buffer.last_activity == 1.5
    assert order.released(now=1.5 + GAP - 0.01) == []
    assert order.released(now=1.5 + GAP)[:1] == [5]


def test_a_first_frame_that_is_not_0_waits_for_those_before_it(order: Order) -> None:
    order.arrive(7)
    assert order.released() == []
    assert order.released(now=GAP) == [7]
    order.arrive(8, now=GAP)
    assert order.released(now=GAP) == [8]


def test_late_frames_are_released_at_once_and_before_early_ones(order: Order) -> None:
    order.arrive(5)
    order.released(now=GAP)
    order.arrive(9, 3, now=GAP)
    assert order.released(now=GAP) == [3]
    order.arrive(2, 4, now=GAP)
    assert order.released(now=GAP) == [2, 4]
    assert order.buffer.last == 5


def test_no_ready_frame_waits_for_longer_than_the_longest_wait_while_others_arrive(order: Order) -> None:
    order.arrive(50)
    now = 0.0
    while now < WAIT - 1:
        now += 1
        order.arrive(100 + int(now), now=now)
        assert order.released(now=now) == []
    assert order.buffer.deadline() == WAIT
    assert order.released(now=WAIT) == [50]


def test_a_frame_in_computation_for_too_long_is_skipped(order: Order) -> None:
    order.arrive(0, ready=False)
    order.arrive(1)
    assert order.released(now=WAIT) == [1]
    order.buffer.mark_ready(0, WAIT + 1)
    assert order.released(now=WAIT + 1) == [0]
    assert order.buffer.last == 1


def test_a_removed_frame_counts_as_missing(order: Order) -> None:
    order.arrive(0, ready=False)
    order.arrive(1)
    order.buffer.remove(0, 1.0)
    assert order.released(now=1.0) == []
    assert order.released(now=1.0 + GAP) == [1]


def test_after_a_flush_missing_frames_are_not_waited_for_but_those_in_computation_are(order: Order) -> None:
    order.arrive(5, ready=False)
    order.arrive(9)
    order.buffer.flush()
    assert order.released() == []
    order.buffer.mark_ready(5, 0)
    assert order.released() == [5, 9]


def test_skipping_missing_frames_still_waits_for_those_in_computation(order: Order) -> None:
    order.arrive(0, 3, 4)
    order.arrive(2, ready=False)
    order.arrive(6)
    assert order.released() == [0]
    order.buffer.skip_missing()
    assert order.released() == []
    order.buffer.mark_ready(2, 0)
    assert order.released() == [2, 3, 4, 6]


def test_frames_that_arrive_after_skipping_wait_as_usual(order: Order) -> None:
    order.arrive(0, 2)
    order.buffer.skip_missing()
    assert order.released() == [0, 2]
    order.arrive(4)
    assert order.released() == []
    assert order.released(now=GAP) == [4]


def test_nothing_ready_has_no_deadline(order: Order) -> None:
    assert order.buffer.deadline() is None
    order.arrive(3, ready=False)
    assert order.buffer.deadline() is None


def test_the_highest_number_is_that_of_any_frame_arrived_or_released(order: Order) -> None:
    assert Order().buffer.highest is None
    order.arrive(3, 1)
    assert order.buffer.highest == 3
    order.released(now=GAP)
    assert (order.buffer.last, order.buffer.highest) == (1, 3)


def skipping(order: Order, *numbers: int, now: float = 100.0) -> float:
    """Let each number arrive alone and be skipped to; return the time."""
    for number in numbers:
        order.arrive(number, now=now)
        assert order.released(now=now) == []
        now += GAP
        assert order.released(now=now) == [number]
    return now


def test_a_regular_distance_is_learned_from_two_equal_gaps(order: Order) -> None:
    order.arrive(0)
    order.released()
    now = skipping(order, 10, 20)
    order.arrive(30, now=now)
    assert order.released(now=now) == [30]


@pytest.mark.parametrize("between", [35, 31, 29])
def test_a_frame_in_between_unlearns_the_distance(order: Order, between: int) -> None:
    order.arrive(0)
    order.released()
    now = skipping(order, 10, 20)
    order.arrive(30, now=now)
    assert order.released(now=now) == [30]
    order.arrive(between, now=now)
    assert order.released(now=now) == [between]
    order.arrive(50, now=now)
    assert order.released(now=now) == []


def test_a_larger_gap_than_the_learned_distance_is_waited_for(order: Order) -> None:
    order.arrive(0)
    order.released()
    now = skipping(order, 10, 20)
    order.arrive(40, now=now)
    assert order.released(now=now) == []


@pytest.mark.parametrize("numbers", [(2, 5), (2, 3, 5), (3, 5)])
def test_irregular_gaps_teach_nothing(order: Order, numbers: tuple[int, ...]) -> None:
    order.arrive(0)
    order.released()
    now = 0.0
    for number in numbers:
        order.arrive(number, now=now)
        now += GAP
        assert order.released(now=now) == [number]
    order.arrive(numbers[-1] + 2, now=now)
    assert order.released(now=now) == []


@given(st.permutations(range(12)), st.data())
def test_every_frame_is_taken_once_and_whatever_is_not_late_in_order(arrivals: list[int], data: st.DataObject) -> None:
    order, now = Order(), 0.0
    taken: list[int] = []
    for number in arrivals:
        now += data.draw(st.sampled_from([0.0, 0.1, GAP + 0.1]))
        taken += order.released(now=now)
        order.arrive(10**9 * number, now=now)
        taken += order.released(now=now)
    while (deadline := order.buffer.deadline()) is not None:
        now = max(now, deadline)
        taken += order.released(now=now)
    assert sorted(taken) == [10**9 * number for number in range(12)]
    highest, in_turn = -1, []
    for number in taken:
        if number > highest:
            in_turn.append(number)
            highest = number
    assert in_turn == sorted(in_turn)
