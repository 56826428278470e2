"""H6, M5 and the like: a client that takes all it can get, and a quiet one beside it."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from harness.running_service import RunningService
from tests.api import pictures
from tests.api.wire import Wire
from tests.hostile.conftest import ATTACKER, KEYS, QUIET
from tracker_service.api.http.client_limit import CLIENT
from tracker_service.api.store_calls import StoreCalls

FRAME = pictures.sample_jpegs(1)[0]


def live(service: RunningService, stream: str, key: dict[str, str]) -> ClientConnection:
    return connect(f"{service.url.replace('http://', 'ws://')}/live/{stream}", proxy=None, additional_headers=key)


def test_bodies_that_are_claimed_and_not_sent_keep_no_other_client_out(fortress: RunningService) -> None:
    with ExitStack() as stack:
        claims = [stack.enter_context(Wire(fortress.url)) for _ in range(16)]
        for wire in claims:
            length = "Content-Length: 33554432"
            wire.head("/pose/hybrid", "Content-Type: image/jpeg", f"X-API-Key: {KEYS[0]}", length).send(b"a")
        headers = {"Content-Type": "image/jpeg", **QUIET}
        assert fortress.post("/pose?frame_number=0", content=FRAME, headers=headers).status_code == 200
        assert fortress.get("/jobs", headers=ATTACKER).status_code == 200


def test_followers_of_a_job_keep_neither_frames_nor_other_followers_out(fortress: RunningService) -> None:
    with ExitStack() as stack:
        attacker, quiet = (stack.enter_context(fortress.client(headers=key)) for key in (ATTACKER, QUIET))
        jobs = [
            client.post("/jobs", files={"video": ("a.mp4", pictures.SAMPLE.read_bytes())}).json()["job_id"]
            for client in (attacker, quiet)
        ]
        for _ in range(20):
            stack.enter_context(attacker.stream("GET", f"/jobs/{jobs[0]}/events"))
        events = stack.enter_context(quiet.stream("GET", f"/jobs/{jobs[1]}/events"))
        headers = {"Content-Type": "image/jpeg", **QUIET}
        assert fortress.post("/pose?frame_number=0", content=FRAME, headers=headers).status_code == 200
        for client, job in zip((attacker, quiet), jobs, strict=True):
            assert client.delete(f"/jobs/{job}").status_code == 200
        assert "cancelled" in "".join(events.iter_text())


def test_live_streams_of_one_client_make_room_for_another_ones(fortress: RunningService) -> None:
    with live(fortress, "one", ATTACKER) as one, live(fortress, "two", ATTACKER) as two:
        assert all('"hello"' in str(each.recv(timeout=60)) for each in (one, two))
        with live(fortress, "only", QUIET) as only:
            assert '"hello"' in str(only.recv(timeout=60))
            with pytest.raises(ConnectionClosed):  # the newer one of the client with more
                two.recv(timeout=60)
            with live(fortress, "more", ATTACKER) as more, pytest.raises(ConnectionClosed) as refused:
                more.recv(timeout=60)
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 1013


def test_calls_of_the_queue_that_hang_keep_no_other_client_out() -> None:
    released = threading.Event()

    async def call(calls: StoreCalls, client: str, function: Callable[[], bool]) -> bool:
        CLIENT.set(client)
        return await calls.call(function)

    async def both() -> None:
        calls = StoreCalls(30.0)
        hanging = [asyncio.create_task(call(calls, "loud", released.wait)) for _ in range(20)]
        try:
            await asyncio.sleep(0)
            assert await asyncio.create_task(call(calls, "quiet", lambda: True))
        finally:
            released.set()
        assert all(await asyncio.gather(*hanging))
        calls.close()

    asyncio.run(both())
