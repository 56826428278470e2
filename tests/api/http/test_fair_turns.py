"""Who begins next: clients in turn, and who asks for much at once rests."""

import asyncio

from tracker_service.api.http.fair_turns import FairTurns

LONG = 3600.0
"""A rest that does not end while a test runs."""


async def take(turns: FairTurns, client: str, began: list[str], rest: float = 0.0) -> None:
    async with turns.turn(client) as turn:
        began.append(client)
        turn.rest = rest
        await asyncio.sleep(0)


def test_clients_begin_in_turn_whatever_they_ask_for() -> None:
    async def run() -> list[str]:
        turns, began = FairTurns(1, share=1), list[str]()
        await asyncio.gather(*(take(turns, client, began) for client in "aaab"))
        return began

    assert asyncio.run(run()) == ["a", "a", "b", "a"]


def test_one_that_asks_for_several_at_a_time_rests_and_others_do_not_wait_for_that() -> None:
    async def run() -> list[str]:
        turns, began = FairTurns(2, share=2), list[str]()
        flood = [asyncio.create_task(take(turns, "a", began, LONG)) for _ in range(4)]
        await asyncio.wait(flood[:2])
        await take(turns, "b", began)
        waiting = [task for task in flood if not task.done()]
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        return began

    assert asyncio.run(run()) == ["a", "a", "b"]


def test_one_that_rests_goes_on_afterwards() -> None:
    async def run() -> list[str]:
        turns, began = FairTurns(1, share=1), list[str]()
        await asyncio.gather(*(take(turns, "a", began, rest=0.001) for _ in range(3)))
        return began

    assert asyncio.run(run()) == ["a"] * 3


def test_one_that_asks_for_one_at_a_time_does_not_rest() -> None:
    async def run() -> list[str]:
        turns, began = FairTurns(2, share=1), list[str]()
        for _ in range(3):
            await take(turns, "a", began, LONG)
        return began

    assert asyncio.run(run()) == ["a"] * 3
