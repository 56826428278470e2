"""The numbers that order the queue: room for every client and round, never into another priority's."""

from itertools import pairwise

from tracker_service.jobs.queue.fair_order import LOWEST_PRIORITY, Turn, next_turn

ROUNDS = 99_999


def queued(*clients: str) -> list[Turn]:
    """Return the turns of jobs of one priority that ``clients`` queue one after the other."""
    turns: list[Turn] = []
    for client in clients:
        turns.append(Turn(next_turn(100, client, turns), client, waiting=True))
    return turns


def test_numbers_begin_at_one() -> None:
    assert next_turn(0, "a", []) == 1
    assert next_turn(-5, "a", []) == 1


def test_ninety_nine_clients_of_a_round_have_numbers_of_their_own_in_the_order_of_submission() -> None:
    numbers = [turn.number for turn in queued(*map(str, range(99)), "0")]
    assert all(one < other for one, other in pairwise(numbers))


def test_more_clients_than_places_stay_before_the_second_jobs_and_keep_their_order() -> None:
    clients = [str(number) for number in range(150)]
    turns = queued(*clients, "149", "0")
    numbers = [turn.number for turn in turns]
    assert numbers[:150] == sorted(numbers[:150])
    assert numbers[149] < numbers[150] < numbers[151]


def test_a_client_of_a_hundred_thousand_rounds_stays_within_its_priority() -> None:
    priority = LOWEST_PRIORITY - 1
    last = Turn(next_turn(priority, "a", []), "a", waiting=True)
    for _ in range(ROUNDS - 1):
        number = next_turn(priority, "a", [last])
        assert number > last.number
        last = Turn(number, "a", waiting=True)
    for _ in range(200):
        last = Turn(next_turn(priority, "a", [last]), "a", waiting=True)
    assert last.number < next_turn(LOWEST_PRIORITY, "b", [])


def test_the_last_round_of_the_lowest_priority_is_a_number_that_the_queue_can_hold() -> None:
    last = Turn(next_turn(LOWEST_PRIORITY, "a", []), "a", waiting=True)
    for _ in range(ROUNDS):
        last = Turn(next_turn(1000, "a", [last]), "a", waiting=True)
    assert last.number < 2**31


def test_a_running_job_gives_the_round_only_while_nothing_waits() -> None:
    running = Turn(next_turn(100, "a", []), "a", waiting=False)
    second = Turn(next_turn(100, "a", [running]), "a", waiting=True)
    third = Turn(next_turn(100, "a", [running, second]), "a", waiting=True)
    assert running.number < next_turn(100, "b", [running]) < second.number
    assert second.number < next_turn(100, "b", [running, second, third]) < third.number
