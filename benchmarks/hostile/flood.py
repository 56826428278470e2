"""A client that asks for all it can get, in a process of its own: what it computes is not the quiet one's waiting."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import TypeAlias

import httpx

from harness.running_service import client_of

Ask: TypeAlias = Callable[[httpx.Client, dict[str, str], int], object]
"""Asks the service once, with somebody's key, the so-manieth time; returns when it is answered."""
_REFUSED_SECONDS = 0.05
_LEAST_PRIORITY = 19
"""Of the client's computing: both clients and the service share the cores here, which they do nowhere else."""
_FLOODING_SECONDS = 3.0
_END_SECONDS = 60.0


@contextmanager
def flooded(url: str, ask: Ask, key: dict[str, str], at_once: int) -> Iterator[None]:
    """Let a client of the service at ``url`` ask as often as it can, ``at_once`` times at once, from before the block.

    What it is refused does not matter to it.
    """
    context = multiprocessing.get_context("spawn")
    begun, end = context.Event(), context.Event()
    process = context.Process(target=_flood, args=(url, ask, key, at_once, begun, end))
    process.start()
    try:
        begun.wait(_END_SECONDS)
        yield
    finally:
        end.set()
        process.join(_END_SECONDS)
        process.kill()
        process.join()


def _flood(url: str, ask: Ask, key: dict[str, str], at_once: int, begun: Event, end: Event) -> None:
    os.nice(_LEAST_PRIORITY)

    def attack() -> None:
        with client_of(url) as client:
            number = 0
            while not end.is_set():
                try:
                    ask(client, key, number)
                except httpx.HTTPStatusError:
                    end.wait(_REFUSED_SECONDS)
                number += 1

    attackers = [threading.Thread(target=attack) for _ in range(at_once)]
    for attacker in attackers:
        attacker.start()
    end.wait(_FLOODING_SECONDS)
    begun.set()
    for attacker in attackers:
        attacker.join()
