"""What is refused because it is too much, too long or too slow, and what becomes of clients that go away."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api import pictures
from tests.api.conftest import StartService
from tests.api.wire import Wire

JPEG = pictures.sample_jpegs(1)[0]
IMAGE = {"Content-Type": "image/jpeg"}
BODY_BYTES = 400_000


@pytest.fixture(scope="module")
def hold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As long as this file exists, no model answers."""
    return tmp_path_factory.mktemp("hold") / "hold"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, hold: Path) -> Iterator[RunningService]:
    settings = (
        f"limits.body_bytes={BODY_BYTES}",
        "limits.body_seconds=0.4",
        "limits.client_requests=4",
        "limits.frames_waiting=2",
        "limits.request_seconds=1.5",
        "limits.image_pixels=2000000",
    )
    folder = tmp_path_factory.mktemp("strict")
    with RunningService(
        folder,
        *settings,
        command=("-m", "tests.api.faulty_service"),
        environment={"FAULT_HOLD": str(hold)},
        forked=True,
    ) as service:
        yield service


def test_a_declared_body_above_the_limit_is_refused(strict: RunningService) -> None:
    answer = strict.post("/pose/hybrid", content=bytes(BODY_BYTES + 1), headers=IMAGE)
    assert answer.status_code == 413
    assert "expected at most 400000 bytes, got 400001" in answer.json()["error"]


def test_a_body_without_length_is_refused_once_it_is_above_the_limit(strict: RunningService) -> None:
    with Wire(strict.url) as wire:
        wire.head("/pose/hybrid", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
        wire.send(f"{BODY_BYTES + 1:x}\r\n".encode() + bytes(BODY_BYTES + 1) + b"\r\n")
        answer = wire.answer()
    assert answer.status == 413
    assert "got more" in str(answer.json()["error"])


def test_a_body_of_the_largest_size_is_read(strict: RunningService) -> None:
    padded = JPEG + bytes(BODY_BYTES - len(JPEG))
    assert strict.post("/pose/hybrid", content=padded, headers=IMAGE).status_code == 200


def test_the_pixel_limit_is_a_setting(strict: RunningService) -> None:
    bomb = pictures.bomb(side=2000)
    assert strict.post("/pose/hybrid", content=bomb, headers={"Content-Type": "image/png"}).status_code == 413


@pytest.mark.parametrize("length", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_client_that_stops_sending_gets_408(strict: RunningService, length: str) -> None:
    with Wire(strict.url) as wire:
        answer = wire.head("/pose/hybrid", "Content-Type: image/jpeg", length).send(b"5\r\nhello").answer()
        assert answer.status == 408
        assert "nothing came for 0.4 seconds" in str(answer.json()["error"])
        assert wire.closed()


def test_a_client_that_sends_a_few_bytes_at_a_time_gets_408_too(strict: RunningService) -> None:
    with Wire(strict.url) as wire:
        wire.head("/pose/hybrid", "Content-Type: image/jpeg", "Content-Length: 100000")
        for _ in range(8):
            wire.send(b"drop")
            time.sleep(0.25)
        answer = wire.answer()
    assert answer.status == 408
    assert "expected at least 2048 bytes a second, got fewer" in str(answer.json()["error"])


def test_frames_above_the_limit_get_503_and_health_still_answers(strict: RunningService, hold: Path) -> None:
    hold.touch()
    try:
        with ExitStack() as stack:
            waiting = [stack.enter_context(Wire(strict.url)) for _ in range(2)]
            for number, wire in enumerate(waiting):
                wire.head(
                    f"/pose/hybrid?frame_number={number}",
                    "X-Session-Id: queue",
                    "Content-Type: image/jpeg",
                    f"Content-Length: {len(JPEG)}",
                ).send(JPEG)
            until(lambda: strict.metric("phalp_frames_waiting") == 2)
            refused = strict.post("/pose/hybrid", content=JPEG, headers=IMAGE)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            assert "more frames than it can answer" in refused.json()["error"]
            assert strict.get("/health").json()["status"] == "ready"
            assert strict.get("/livez").status_code == 200
            pool = strict.get("/api/pose/pool-status").json()
            assert pool["pool"]["active_workers"] == 2
            assert pool["pool"]["gpu_busy"] is True
            late = waiting[0].answer()
            assert late.status == 503
            assert int(late.headers["retry-after"]) >= 1
            assert "there was no answer within 1.5 seconds" in str(late.json()["error"])
    finally:
        hold.unlink()
    until(lambda: strict.post("/pose/hybrid", content=JPEG, headers=IMAGE).status_code == 200)


def test_requests_above_a_clients_limit_get_429(strict: RunningService) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            wire = stack.enter_context(Wire(strict.url))
            wire.head("/nothing-here", "Content-Length: 10")  # its answer waits a moment for the body that never comes
        refused = strict.post("/pose/hybrid", content=JPEG, headers=IMAGE)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert "at most 4 requests of one client" in refused.json()["error"]
        assert strict.get("/health").status_code == 200
    until(lambda: strict.post("/pose/hybrid", content=JPEG, headers=IMAGE).status_code == 200)


@pytest.mark.parametrize(("requests", "places", "status"), [(2, 8, 429), (8, 2, 503)])
def test_frames_do_not_wait_for_a_refused_one_and_free_its_room(
    start_service: StartService, requests: int, places: int, status: int
) -> None:
    service = start_service(
        "sessions.gap_seconds=60",
        "limits.request_seconds=50",
        f"limits.client_requests={requests}",
        f"limits.frames_waiting={places}",
    )
    with ExitStack() as stack:
        early = [stack.enter_context(Wire(service.url)) for _ in range(2)]
        for number, wire in enumerate(early, start=2):
            path = f"/pose/hybrid?mesh=false&frame_number={number}"
            wire.head(path, "Content-Type: image/jpeg", f"Content-Length: {len(JPEG)}").send(JPEG)
        until(lambda: service.metric("phalp_window_frames_sum") == 2)
        assert service.post("/pose/hybrid?frame_number=1", content=JPEG, headers=IMAGE).status_code == status
        assert [wire.answer().status for wire in early] == [200, 200]
    late = service.post("/pose/hybrid?frame_number=1", content=JPEG, headers=IMAGE)
    assert late.status_code == 200
    assert late.json()["session"]["late"] is True


def test_clients_that_disconnect_while_they_send_leave_nothing_behind(strict: RunningService) -> None:
    for _ in range(8):
        with Wire(strict.url) as wire:
            wire.head("/pose/hybrid", "Content-Type: image/jpeg", f"Content-Length: {len(JPEG)}").send(JPEG[:1000])
    until(lambda: strict.metric("phalp_frames_waiting") == 0)
    assert strict.post("/pose/hybrid", content=JPEG, headers=IMAGE).status_code == 200
    assert strict.metric("phalp_requests_total", route="/pose/hybrid", method="POST", status="499") >= 2


def _waiting(service: RunningService, frames: int) -> bool:
    return service.metric("phalp_frames_waiting") == frames


def test_clients_that_disconnect_while_they_wait_leave_nothing_behind(strict: RunningService, hold: Path) -> None:
    hold.touch()
    try:
        for number in range(2):
            with Wire(strict.url) as wire:
                path = f"/pose/hybrid?frame_number={number}"
                wire.head(path, "Content-Type: image/jpeg", f"Content-Length: {len(JPEG)}", "X-Session-Id: gone")
                wire.send(JPEG)
                until(partial(_waiting, strict, number + 1))
    finally:
        hold.unlink()
    until(lambda: strict.metric("phalp_frames_waiting") == 0)
    assert strict.post("/pose/hybrid", content=JPEG, headers=IMAGE).status_code == 200


def test_none_of_this_logged_an_internal_error(strict: RunningService) -> None:
    assert [entry for entry in strict.log_entries() if entry["level"] == "error"] == []
