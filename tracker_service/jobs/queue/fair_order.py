"""Which job is next: one rank for each, lower first.

Clients take turns whatever they queued, much as in start-time fair queueing (Goyal, Vin and Cheng, 1996): each job
belongs to a round, the later of the round that is being served and the one after its client's last job. Within a round
the order is that of submission.

A client that comes with its first job goes before those whose jobs are being computed, as they have their turn now, and
behind the next job of every other. So one that queues fifty jobs holds up one that comes later with a single one for no
longer than the job takes that is being computed, and nobody who waits without being served is overtaken for ever.

Priorities are the client's own affair: they decide which of its jobs gets its next turn, and nothing between clients.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PLACES = 100
_ROUNDS = 2**31 // _PLACES
"""More than the ranks of earlier versions, which kept each priority apart, take up."""


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


def next_rank(client: str, unfinished: Iterable[UnfinishedJob]) -> int:
    """Return the rank of a new job, from 1 to 2^31, behind those of its client.

    Args:
        client: who asks.
        unfinished: all jobs that wait or run.
    """
    jobs = list(unfinished)
    round_number = min(_round(client, jobs), _ROUNDS - 1)
    places = [job.rank % _PLACES for job in jobs if _round_of(job) == round_number]
    place = min(max(places, default=0) + 1, _PLACES - 1)
    return round_number * _PLACES + place


def by_priority(ranks: Sequence[int], priorities: Sequence[int]) -> list[int]:
    """Return the ranks of one client's waiting jobs, dealt out anew.

    Args:
        ranks: of its jobs, in any order.
        priorities: of the same jobs; lower goes first, and of equal ones the job that was ahead before.
    """
    order = sorted(range(len(ranks)), key=lambda job: (priorities[job], ranks[job]))
    dealt = list(ranks)
    for job, rank in zip(order, sorted(ranks), strict=True):
        dealt[job] = rank
    return dealt


def _round(client: str, jobs: list[UnfinishedJob]) -> int:
    waiting = [_round_of(job) for job in jobs if job.waiting]
    now = min(waiting) if waiting else max(map(_round_of, jobs), default=0)
    own = [_round_of(job) for job in jobs if job.client == client]
    return max(now, max(own) + 1) if own else _first_round(jobs, now)


def _first_round(jobs: list[UnfinishedJob], now: int) -> int:
    """Return the round of the first job of a client.

    Args:
        jobs: all that wait or run.
        now: the first round of those that wait.
    """
    served = {job.client for job in jobs if not job.waiting}
    unserved: dict[str, int] = {}
    for job in jobs:
        if job.waiting and job.client not in served:
            unserved[job.client] = min(unserved.get(job.client, _ROUNDS), _round_of(job))
    if unserved:
        # Who has cancelled its first jobs may be rounds behind, which is its own affair.
        return min(max(unserved.values()), min(unserved.values()) + 1)
    return min(now, max((_round_of(job) for job in jobs if not job.waiting), default=now))


def _round_of(job: UnfinishedJob) -> int:
    return job.rank // _PLACES
