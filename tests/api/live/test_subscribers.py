"""Who follows a live stream: what a slow reader gets."""

import asyncio

from tracker_service.api.live.subscribers import Subscribers


def test_a_reader_who_is_slow_gets_the_newest_results_and_nothing_piles_up() -> None:
    asyncio.run(follow_slowly())


async def follow_slowly() -> None:
    subscribers = Subscribers()
    with subscribers.joined() as slow, subscribers.joined(packed=True) as other:
        for number in range(1000):
            subscribers.give_result(b"%d" % number, packed=False)
        subscribers.end()
        waiting = [message.data async for message in slow.messages(1) if message is not None]
        assert waiting == [b"996", b"997", b"998", b"999"]
        assert [message async for message in other.messages(1)] == []
    assert len(subscribers) == 0
