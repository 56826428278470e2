"""Whose frames are next, and how many of one client."""

import pytest

from tracker_service.sessions.client_queues import ClientQueues


class Clock:
    """A clock that stands until it is put on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def queues(*items: str, clock: Clock | None = None) -> ClientQueues[str]:
    """Return queues of items, each named after its client."""
    made = ClientQueues[str](clock or Clock())
    for item in items:
        made.append(item[0], item)
    return made


def test_one_client_alone_fills_a_batch_in_the_order_in_which_it_sent() -> None:
    made = queues("a1", "a2", "a3", "a4", "a5")
    assert made.next_batch(4) == ["a1", "a2", "a3", "a4"]
    assert made.next_batch(4) == ["a5"]
    assert not made


@pytest.mark.parametrize(
    ("window", "batch"), [(1, ["a1"]), (4, ["a1", "b1"]), (8, ["a1", "b1", "a2"]), (16, ["a1", "b1", "a2", "a3", "a4"])]
)
def test_with_others_one_client_gets_a_quarter_of_a_batch(window: int, batch: list[str]) -> None:
    made = queues(*(f"a{number}" for number in range(1, 10)), "b1")
    assert made.next_batch(window) == batch


def test_many_clients_fill_a_batch_with_a_frame_of_each_and_the_others_come_next() -> None:
    made = queues("a1", "a2", "b1", "c1", "d1", "e1")
    assert made.next_batch(4) == ["a1", "b1", "c1", "d1"]
    assert made.next_batch(4) == ["e1", "a2"]


def test_a_client_that_was_here_a_moment_ago_does_not_find_a_batch_of_another_only() -> None:
    clock = Clock()
    made = queues("b1", clock=clock)
    assert made.next_batch(4) == ["b1"]
    for number in range(5):
        made.append("a", f"a{number}")
    assert made.next_batch(4) == ["a0"]
    clock.now += 3600
    assert made.next_batch(4) == ["a1", "a2", "a3", "a4"]


def test_a_frame_that_is_taken_back_is_in_no_batch() -> None:
    made = queues("a1", "b1", "a2")
    assert made.remove(lambda item: item == "b1") == "b1"
    assert made.remove(lambda item: item == "b1") is None
    assert made.remove(lambda item: item == "a1") == "a1"
    assert made.next_batch(4) == ["a2"]


def test_the_last_worker_is_kept_for_clients_that_were_here_a_moment_ago() -> None:
    clock = Clock()
    made = queues("b1", clock=clock)
    assert made.next_batch(4) == ["b1"]
    made.append("a", "a1")
    assert made.next_batch(4, busy={"a"}) == []
    made.append("b", "b2")
    assert made.next_batch(4, busy={"a"}) == ["b2"]
    clock.now += 30
    assert made.next_batch(4, busy={"a"}) == ["a1"]
