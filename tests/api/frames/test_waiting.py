"""Frames and videos that wait instead of being refused: for models that are being loaded, and for their turn."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.api.conftest import StartService

FAULTY_SERVICE = ("-m", "tests.api.faulty_service")
REPLAYING_SERVICE = ("-m", "harness.replaying_service")
FRAMES = 12
BURST = 140


@pytest.fixture(scope="module")
def frames() -> tuple[bytes, ...]:
    return pictures.sample_jpegs(FRAMES)


@pytest.fixture
def opening(tmp_path: Path) -> Path:
    """As long as this file exists, the models are being loaded."""
    path = tmp_path / "opening"
    path.touch()
    return path


@pytest.fixture
def loading(start_service: StartService, opening: Path) -> RunningService:
    return start_service(ready=False, command=FAULTY_SERVICE, environment={"FAULT_OPENING": str(opening)})


def post_at_once(service: RunningService, frames: Sequence[bytes], path: str = "/pose/hybrid") -> list[httpx.Response]:
    """Post all frames at the same time, each over a connection of its own, as `Promise.all` does."""

    limits = httpx.Limits(max_connections=len(frames))
    with service.client(limits=limits) as client, ThreadPoolExecutor(len(frames)) as pool:

        def post(number: int) -> httpx.Response:
            body = {"image_base64": pictures.base64_of(frames[number]), "frame_number": number, "visualize": False}
            return client.post(path, json=body, params={"mesh": "false"} if path == "/pose/hybrid" else {})

        return list(pool.map(post, range(len(frames))))


def test_frames_that_come_while_models_load_are_answered_in_order_afterwards(
    loading: RunningService, opening: Path, frames: Sequence[bytes]
) -> None:
    with ThreadPoolExecutor(1) as thread:
        posting = thread.submit(post_at_once, loading, frames)
        until(lambda: loading.metric("phalp_frames_waiting") == FRAMES)
        assert loading.get("/health").json()["status"] == "warming_up"
        opening.unlink()
        answers = posting.result()
    assert [answer.status_code for answer in answers] == [200] * FRAMES
    told: list[Any] = [answer.json() for answer in answers]
    assert [answer["has_3d"] for answer in told] == [True] * FRAMES
    assert {(answer["session"]["video"], answer["session"]["late"]) for answer in told} == {(1, False)}


def test_a_video_that_comes_while_models_load_is_taken(loading: RunningService, opening: Path) -> None:
    with pictures.SAMPLE.open("rb") as video:
        queued = loading.post("/jobs", files={"video": video}, data={"max_frames": "2"})
    assert queued.status_code in (201, 202)
    opening.unlink()


def test_a_frame_that_waits_too_long_for_models_is_refused_with_retry_after(
    start_service: StartService, opening: Path, frames: Sequence[bytes]
) -> None:
    service = start_service(
        "limits.request_seconds=0.5", ready=False, command=FAULTY_SERVICE, environment={"FAULT_OPENING": str(opening)}
    )
    refused = service.post("/pose/hybrid", content=frames[0], headers={"Content-Type": "image/jpeg"})
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"] == "the models did not answer within 0.5 seconds"


def test_140_posts_at_once_are_all_answered(start_service: StartService, frames: Sequence[bytes]) -> None:
    service = start_service(command=REPLAYING_SERVICE)
    there_and_back = [*frames, *frames[-2:0:-1]]
    answers = post_at_once(service, [there_and_back[number % len(there_and_back)] for number in range(BURST)], "/pose")
    assert [answer.status_code for answer in answers] == [200] * BURST
    assert sorted(answer.json()["frame_number"] for answer in answers) == list(range(BURST))
