"""Whose turn it is: one number for each queued job, lower first.

Within a priority, clients take turns whatever they queued, by start-time fair queueing (Goyal, Vin and Cheng, 1996):
each job belongs to a round, the later of the round that is being served and the one after its client's last job. A
client that queues fifty jobs at once does not hold up one that comes later with a single one, and nobody waits for
ever, because rounds only rise while anything is queued. Within a round the order is that of submission.
"""

from collections.abc import Iterable
from dataclasses import dataclass

LOWEST_PRIORITY = 200
_PLACES = 100
_ROUNDS = 100_000
_NUMBERS = _PLACES * _ROUNDS


@dataclass(frozen=True, slots=True)
class Turn:
    """An unfinished job in the queue.

    Attributes:
        number: what `next_turn` gave it.
        client: whose it is.
        waiting: whether it is still queued; else it is computed already.
    """

    number: int
    client: str
    waiting: bool


def next_turn(priority: int, client: str, unfinished: Iterable[Turn]) -> int:
    """Return the number of a new job, from 1 to 2^31.

    Args:
        priority: lower goes first, whoever asks; brought into the range from 0 to 200.
        client: who asks.
        unfinished: all jobs that wait or run.
    """
    level = min(max(priority, 0), LOWEST_PRIORITY)
    same = [turn for turn in unfinished if turn.number // _NUMBERS == level]
    round_number = min(_round(client, same), _ROUNDS - 1)
    places = [turn.number % _PLACES for turn in same if _round_of(turn) == round_number]
    place = min(max(places, default=0) + 1, _PLACES - 1)
    return level * _NUMBERS + round_number * _PLACES + place


def _round(client: str, turns: list[Turn]) -> int:
    waiting = [_round_of(turn) for turn in turns if turn.waiting]
    now = min(waiting) if waiting else max(map(_round_of, turns), default=0)
    own = [_round_of(turn) for turn in turns if turn.client == client]
    return max(now, max(own) + 1) if own else now


def _round_of(turn: Turn) -> int:
    return turn.number % _NUMBERS // _PLACES
