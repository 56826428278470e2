"""The ranks that order the queue: clients in turn, priorities within a client, room for every client and round."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker_service.jobs.queue.fair_order import UnfinishedJob, by_priority, next_rank

ROUNDS = 2**31 // 100


def queued(*clients: str) -> list[UnfinishedJob]:
    """Return the jobs that ``clients`` queue one after the other."""
    jobs: list[UnfinishedJob] = []
    for client in clients:
        jobs.append(UnfinishedJob(next_rank(client, jobs), client, waiting=True))
    return jobs


def queue_order(asked: list[tuple[str, int]]) -> list[int]:
    """Return in which order jobs of (client, priority), queued one after the other, would be computed."""
    ranks: dict[int, int] = {}
    for number, (client, _) in enumerate(asked):
        jobs = [UnfinishedJob(ranks[job], asked[job][0], waiting=True) for job in ranks]
        ranks[number] = next_rank(client, jobs)
        own = [job for job in ranks if asked[job][0] == client]
        dealt = by_priority([ranks[job] for job in own], [asked[job][1] for job in own])
        ranks |= dict(zip(own, dealt, strict=True))
    return sorted(ranks, key=lambda job: (ranks[job], job))


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ([("a", 100)] * 3, [0, 1, 2]),
        ([("a", 100), ("a", 50)], [1, 0]),
        ([("a", 100), ("b", 0), ("a", 200), ("b", 100)], [0, 1, 2, 3]),
        ([("a", 100)] * 4 + [("b", 100)], [0, 4, 1, 2, 3]),
        ([("a", 100)] * 2 + [("b", 100)] * 2 + [("c", 100)], [0, 2, 4, 1, 3]),
        ([("a", 100)] * 2 + [("b", 100), ("a", 0)], [3, 2, 0, 1]),
        ([("a", 0)] * 50 + [("b", 200)], [0, 50, *range(1, 50)]),
    ],
)
def test_clients_take_turns_and_priorities_order_what_each_has(asked: list[tuple[str, int]], order: list[int]) -> None:
    assert queue_order(asked) == order


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=12))
def test_whatever_priorities_clients_choose_the_turns_are_those_of_equal_ones(asked: list[tuple[str, int]]) -> None:
    order = queue_order(asked)
    equal = queue_order([(client, 100) for client, _ in asked])
    assert [asked[job][0] for job in order] == [asked[job][0] for job in equal]
    for client in "abc":
        own = [(asked[job][1], job) for job in order if asked[job][0] == client]
        assert own == sorted(own)


def test_a_client_that_comes_with_its_first_job_goes_before_those_whose_jobs_are_being_computed() -> None:
    _, second, third = queued("a", "a", "a")
    served = UnfinishedJob(second.rank, "a", waiting=False)
    assert second.rank < next_rank("b", [served, third]) < third.rank


def test_it_goes_behind_the_next_job_of_who_waits_without_being_served() -> None:
    running, second, other, others_second = queued("a", "a", "b", "b")
    served = UnfinishedJob(running.rank, "a", waiting=False)
    assert other.rank < next_rank("c", [served, second, other, others_second]) < others_second.rank


def test_who_has_cancelled_its_first_jobs_keeps_nobody_behind_the_rest() -> None:
    jobs = queued(*["a"] * 20, *["b"] * 20)
    left = [*jobs[19:20], *jobs[20:]]
    assert next_rank("c", left) < jobs[22].rank


@settings(max_examples=50)
@given(st.integers(2, 5), st.lists(st.integers(0, 1), min_size=40, max_size=40))
def test_nobody_waits_for_more_than_two_turns_of_each_other_client(clients: int, late: list[int]) -> None:
    """The first client floods, the others queue a job whenever theirs is done, some only a turn later."""
    jobs = queued(*["0"] * 10)
    overtaken = dict.fromkeys(map(str, range(clients)), 0)
    for turn in late:
        first = min((job for job in jobs if job.waiting), key=lambda job: job.rank)
        jobs = [replace(job, waiting=False) if job is first else job for job in jobs if job.waiting]
        overtaken = {client: count + 1 for client, count in overtaken.items()} | {first.client: 0}
        assert max(overtaken.values()) <= 2 * clients
        for client in map(str, range(clients)):
            unfinished = sum(job.client == client for job in jobs)
            if unfinished < (10 if client == "0" else 1 - turn):
                jobs.append(UnfinishedJob(next_rank(client, jobs), client, waiting=True))
        for client in overtaken:
            if not any(job.client == client and job.waiting for job in jobs):
                overtaken[client] = 0


def test_numbers_begin_at_one() -> None:
    assert next_rank("a", []) == 1


def test_ninety_nine_clients_of_a_round_have_numbers_of_their_own_in_the_order_of_submission() -> None:
    ranks = [job.rank for job in queued(*map(str, range(99)), "0")]
    assert all(one < other for one, other in pairwise(ranks))


def test_more_clients_than_places_stay_before_the_second_jobs_and_keep_their_order() -> None:
    clients = [str(number) for number in range(150)]
    jobs = queued(*clients, "149", "0")
    ranks = [job.rank for job in jobs]
    assert ranks[:150] == sorted(ranks[:150])
    assert ranks[149] < ranks[150] < ranks[151]


def test_numbers_stay_such_that_the_queue_can_hold_them_also_behind_the_lowest_priority_of_earlier_versions() -> None:
    for rank in (2_000_000_001, (ROUNDS - 2) * 100 + 1):
        last = UnfinishedJob(rank, "a", waiting=True)
        for _ in range(200):
            number = next_rank("a", [last])
            assert last.rank <= number < 2**31
            last = UnfinishedJob(number, "a", waiting=True)
