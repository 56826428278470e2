"""Which job is next: one rank for each, lower first.

Within a priority, clients take turns whatever they queued, by start-time fair queueing (Goyal, Vin and Cheng, 1996):
each job belongs to a round, the later of the round that is being served and the one after its client's last job. A
client that queues fifty jobs at once does not hold up one that comes later with a single one, and nobody waits for
ever, because rounds only rise while anything is queued. Within a round the order is that of submission.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tracker_service.jobs.job import LOWEST_PRIORITY

_PLACES = 100
_ROUNDS = 100_000
_RANKS = _PLACES * _ROUNDS


@dataclass(frozen=True, slots=True)
class UnfinishedJob:
    """A job that waits or runs.

    Attributes:
        rank: what `next_rank` gave it.
        client: whose it is.
        waiting: whether it is still queued; else it is being computed.
    """

    rank: int
    client: str
    waiting: bool


def next_rank(priority: int, client: str, unfinished: Iterable[UnfinishedJob]) -> int:
    """Return the rank of a new job, from 1 to 2^31.

    Args:
        priority: lower goes first, whoever asks; brought into the range from 0 to 200.
        client: who asks.
        unfinished: all jobs that wait or run.
    """
    level = min(max(priority, 0), LOWEST_PRIORITY)
    same = [job for job in unfinished if job.rank // _RANKS == level]
    round_number = min(_round(client, same), _ROUNDS - 1)
    places = [job.rank % _PLACES for job in same if _round_of(job) == round_number]
    place = min(max(places, default=0) + 1, _PLACES - 1)
    return level * _RANKS + round_number * _PLACES + place


def _round(client: str, jobs: list[UnfinishedJob]) -> int:
    waiting = [_round_of(job) for job in jobs if job.waiting]
    now = min(waiting) if waiting else max(map(_round_of, jobs), default=0)
    own = [_round_of(job) for job in jobs if job.client == client]
    return max(now, max(own) + 1) if own else now


def _round_of(job: UnfinishedJob) -> int:
    return job.rank % _RANKS // _PLACES
