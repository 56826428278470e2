"""The ranks that order the queue: room for every client and round, never into another priority's."""

from itertools import pairwise

from tracker_service.jobs.job import LOWEST_PRIORITY
from tracker_service.jobs.queue.fair_order import UnfinishedJob, next_rank

ROUNDS = 99_999


def queued(*clients: str) -> list[UnfinishedJob]:
    """Return the jobs of one priority that ``clients`` queue one after the other."""
    jobs: list[UnfinishedJob] = []
    for client in clients:
        jobs.append(UnfinishedJob(next_rank(100, client, jobs), client, waiting=True))
    return jobs


def test_numbers_begin_at_one() -> None:
    assert next_rank(0, "a", []) == 1
    assert next_rank(-5, "a", []) == 1


def test_ninety_nine_clients_of_a_round_have_numbers_of_their_own_in_the_order_of_submission() -> None:
    ranks = [job.rank for job in queued(*map(str, range(99)), "0")]
    assert all(one < other for one, other in pairwise(ranks))


def test_more_clients_than_places_stay_before_the_second_jobs_and_keep_their_order() -> None:
    clients = [str(number) for number in range(150)]
    jobs = queued(*clients, "149", "0")
    ranks = [job.rank for job in jobs]
    assert ranks[:150] == sorted(ranks[:150])
    assert ranks[149] < ranks[150] < ranks[151]


def test_a_client_of_a_hundred_thousand_rounds_stays_within_its_priority() -> None:
    priority = LOWEST_PRIORITY - 1
    last = UnfinishedJob(next_rank(priority, "a", []), "a", waiting=True)
    for _ in range(ROUNDS - 1):
        number = next_rank(priority, "a", [last])
        assert number > last.rank
        last = UnfinishedJob(number, "a", waiting=True)
    for _ in range(200):
        number = next_rank(priority, "a", [last])
        assert last.rank <= number < next_rank(LOWEST_PRIORITY, "b", [])
        last = UnfinishedJob(number, "a", waiting=True)


def test_the_last_round_of_the_lowest_priority_is_a_number_that_the_queue_can_hold() -> None:
    last = UnfinishedJob(next_rank(LOWEST_PRIORITY, "a", []), "a", waiting=True)
    for _ in range(ROUNDS):
        last = UnfinishedJob(next_rank(1000, "a", [last]), "a", waiting=True)
    assert last.rank < 2**31


def test_a_running_job_gives_the_round_only_while_nothing_waits() -> None:
    running = UnfinishedJob(next_rank(100, "a", []), "a", waiting=False)
    second = UnfinishedJob(next_rank(100, "a", [running]), "a", waiting=True)
    third = UnfinishedJob(next_rank(100, "a", [running, second]), "a", waiting=True)
    assert running.rank < next_rank(100, "b", [running]) < second.rank
    assert second.rank < next_rank(100, "b", [running, second, third]) < third.rank
