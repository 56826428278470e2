"""Requests for jobs that are repeated, and webhooks, also when the service is killed at any moment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from harness.waiting import until
from tests.api.jobs.receiver import SECRET, Receiver
from tests.api.video_service import VideoService


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def hooked(folder: Path, receiver: Receiver) -> VideoService:
    """A service that may call the receiver, and does so impatiently."""
    allow = orjson.dumps([f"{receiver.url}/hooks"]).decode()
    retries = ("webhooks.first_retry_seconds=0.05", "webhooks.longest_retry_seconds=0.2")
    return VideoService(folder, f"webhooks.allow={allow}", f"webhooks.secret={SECRET}", *retries)


def started(folder: Path, receiver: Receiver) -> VideoService:
    service = hooked(folder, receiver)
    service.start(ready=False)
    until(lambda: service.get("/jobs").status_code == 200)
    return service


def asked(service: VideoService, **fields: Any) -> httpx.Response:
    body = {"video_path": str(service.clip), "max_frames": 2, "overlay": False, **fields}
    return service.post("/jobs", json=body, headers={"Idempotency-Key": "one-video"})


def test_one_job_is_made_and_its_end_told_whatever_is_killed_and_fails(tmp_path: Path, receiver: Receiver) -> None:
    hook = f"{receiver.url}/hooks/pose?user=7"
    receiver.status = 500
    service = started(tmp_path, receiver)
    job_id = asked(service, webhook=hook).json()["job_id"]
    service.kill()

    service = started(tmp_path, receiver)
    assert asked(service, webhook=hook).json()["job_id"] == job_id
    assert len(service.get("/jobs").json()["jobs"]) == 1
    until(lambda: receiver.received)
    receiver.status = 0
    before = len(receiver.received)
    until(lambda: len(receiver.received) > before)
    service.kill()

    receiver.status = 204
    service = started(tmp_path, receiver)
    until(lambda: receiver.accepted)
    until(lambda: not list((tmp_path / "jobs" / "outbox").iterdir()))
    assert asked(service, webhook=hook).json()["job_id"] == job_id
    until(lambda: service.metric("phalp_webhooks_total", outcome="delivered") == 1)
    service.stop()

    assert {one.headers["webhook-id"] for one in receiver.received} == {receiver.accepted[0].headers["webhook-id"]}
    assert {one.path for one in receiver.received} == {"/hooks/pose?user=7"}
    assert all(one.signed for one in receiver.received)
    told = receiver.accepted[0].json()
    assert (told["type"], told["data"]["job_id"], told["data"]["frames_done"]) == ("job.completed", job_id, 2)


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VideoService, Receiver]]:
    with Receiver() as receiver, hooked(tmp_path_factory.mktemp("calling"), receiver) as service:
        yield service, receiver


def test_a_cancelled_job_is_told_too_and_410_ends_the_tries(calling: tuple[VideoService, Receiver]) -> None:
    service, receiver = calling
    receiver.status = 500
    job_id = service.queue(max_frames=None, webhook=f"{receiver.url}/hooks")
    service.delete(job_id)
    until(lambda: service.metric("phalp_webhooks_waiting") == 1)
    until(lambda: service.metric("phalp_webhooks_total", outcome="failed") >= 1)
    assert 0 < service.metric("phalp_webhook_oldest_seconds") < 60
    receiver.status = 410
    until(lambda: not list((service.folder / "jobs" / "outbox").iterdir()))
    assert {one.json()["type"] for one in receiver.received} == {"job.cancelled"}
    until(lambda: service.metric("phalp_webhooks_total", outcome="given_up") == 1)
    until(lambda: service.metric("phalp_webhooks_waiting") == 0)
    assert service.metric("phalp_webhook_oldest_seconds") == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/hooks", "http://169.254.169.254/", "no url"])
def test_a_webhook_that_is_not_allowed_is_refused(calling: tuple[VideoService, Receiver], url: str) -> None:
    service, _ = calling
    refused = service.post("/jobs", json={"video_path": str(service.clip), "webhook": url})
    assert refused.status_code == 403
    assert refused.json()["error"].startswith("webhook: expected")


@pytest.mark.parametrize("route", ["/jobs", "/process_video_async"])
def test_an_upload_repeated_with_its_key_is_one_job(calling: tuple[VideoService, Receiver], route: str) -> None:
    service, _ = calling

    def uploaded(**changes: Any) -> httpx.Response:
        fields = {"max_frames": "1", **changes}
        headers = {"Idempotency-Key": f"upload to {route}".replace(" ", "-")}
        with service.clip.open("rb") as video:
            return service.post(route, files={"video": ("clip.mp4", video)}, data=fields, headers=headers)

    first, second = uploaded(), uploaded()
    assert first.json()["job_id"] == second.json()["job_id"]
    assert service.uploaded() == []
    other = uploaded(max_frames="2")
    assert (other.status_code, "Idempotency-Key" in other.json()["error"]) == (422, True)
    assert service.uploaded() == []


def test_a_streamed_video_repeated_with_its_key_is_streamed_again(calling: tuple[VideoService, Receiver]) -> None:
    service, _ = calling
    service.wait_idle()
    body = {"video_path": str(service.clip), "max_frames": 3}
    answers = [
        service.post("/pose/video?mesh=false", json=body, headers={"Idempotency-Key": "streamed"}) for _ in range(2)
    ]
    first, second = (answer.json() for answer in answers)
    assert first["job_id"] == second["job_id"]
    assert first["frames"] == second["frames"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e4"])
def test_a_key_that_cannot_be_used_is_refused(calling: tuple[VideoService, Receiver], key: str) -> None:
    service, _ = calling
    headers = {"Idempotency-Key": key.encode("latin-1")}
    refused = service.post("/jobs", json={"video_path": str(service.clip)}, headers=headers)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["error"] or "idempotency" in refused.json()["error"].lower()
