"""A service that is restarted, or killed, in the middle of a video."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.api.conftest import StartService

FRAMES = 16
IMAGE = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def frames() -> tuple[bytes, ...]:
    return pictures.sample_jpegs(FRAMES)


def post(service: RunningService, frames: Sequence[bytes], numbers: Sequence[int], session: str = "") -> list[Any]:
    with service.client(headers={**IMAGE, **({"X-Session-Id": session} if session else {})}) as client:
        return [
            client.post(f"/pose/hybrid?mesh=false&frame_number={number}", content=frames[number]).json()
            for number in numbers
        ]


def identities(answer: Any) -> list[int]:
    return [person["track_id"] for person in answer["persons"]]


@pytest.mark.parametrize(("number", "session"), [(signal.SIGTERM, ""), (signal.SIGKILL, "named")])
def test_identities_survive_a_restart_in_the_middle_of_a_video(
    start_service: StartService, tmp_path: Path, frames: Sequence[bytes], number: signal.Signals, session: str
) -> None:
    keep = tmp_path / "keep"
    settings = (f"sessions.keep={keep}", "sessions.keep_seconds=0.1")
    first = start_service(*settings)
    before = post(first, frames, range(FRAMES // 2), session)
    until(lambda: list(keep.glob("*.npz")) and not list(keep.glob("*.unsaved")))
    first.signal(number)
    assert first.wait() == (0 if number == signal.SIGTERM else -number)
    second = start_service(*settings, ready=False)
    after = post(second, frames, range(FRAMES // 2, FRAMES), session)
    assert {(answer["session"]["video"], answer["session"]["late"]) for answer in (*before, *after)} == {(1, False)}
    assert before[-1]["track_id"] == after[0]["track_id"]
    assert set(identities(before[-1])) & set(identities(after[0]))
    repeated, *_ = post(second, frames, [3], session)
    assert identities(repeated) == identities(before[3])
    assert repeated["keypoints"] == before[3]["keypoints"]
