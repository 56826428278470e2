"""Whose turn it is: one number for each queued job, lower first.

Within a priority, clients take turns whatever they queued, by start-time fair queueing (Goyal, Vin and Cheng, 1996):
each job gets a start tag, the larger of the virtual time (the tag that is being served) and one more than the last tag
of its client. A client that queues fifty jobs at once does not hold up one that comes later with a single one, and
nobody waits for ever, because tags only rise while anything is queued.
"""

from collections.abc import Iterable
from dataclasses import dataclass

HIGHEST_PRIORITY = 200
_TAGS = 10_000_000


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
    """Return the number of a new job, from 1.

    Args:
        priority: lower goes first, whoever asks; brought into the range from 0 to 200.
        client: who asks.
        unfinished: all jobs that wait or run.
    """
    level = min(max(priority, 0), HIGHEST_PRIORITY)
    same = [turn for turn in unfinished if turn.number // _TAGS == level]
    waiting = [turn.number % _TAGS for turn in same if turn.waiting]
    running = [turn.number % _TAGS for turn in same if not turn.waiting]
    now = min(waiting) if waiting else max(running, default=1)
    own = [turn.number % _TAGS for turn in same if turn.client == client]
    tag = max(now, max(own) + 1) if own else now
    return level * _TAGS + max(min(tag, _TAGS - 1), 1)
