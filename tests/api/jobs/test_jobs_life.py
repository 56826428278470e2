"""``/jobs``: cancelled, forgotten, taken up again, listed, and kept over a restart."""

from pathlib import Path

import orjson
import pytest

from harness.waiting import until
from tests.api.video_service import VideoService

NDJSON = {"Accept": "application/x-ndjson"}


def test_a_running_or_queued_job_can_be_cancelled_and_then_deleted(video_service: VideoService, running: str) -> None:
    waiting = video_service.queue()
    assert video_service.job(waiting)["state"] == "queued"
    for job_id in (waiting, running):
        answer = video_service.delete(job_id)
        assert answer.status_code == 200
        assert answer.json()["job_id"] == job_id
        job = video_service.wait_for(job_id, "cancelled")
        assert job["completed_at"] is not None
        assert job["links"]["tracks"] is None
    for job_id in (waiting, running):
        assert video_service.delete(job_id).status_code == 204
        assert video_service.get(f"/jobs/{job_id}").status_code == 404
        assert not (video_service.folder / "jobs" / "jobs" / job_id).exists()
        assert video_service.delete(job_id).status_code == 404


def test_a_complete_job_can_be_deleted(video_service: VideoService) -> None:
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=2)
    video_service.wait_complete(job_id)
    assert video_service.delete(job_id).status_code == 204
    for path in ("", "/results", "/events", "/tracks.pkl"):
        assert video_service.get(f"/jobs/{job_id}{path}").status_code == 404


def test_a_cancelled_job_can_be_resumed(video_service: VideoService, running: str) -> None:
    video_service.delete(running)
    before = video_service.wait_for(running, "cancelled")["frames_done"]
    answer = video_service.post(f"/jobs/{running}/resume")
    assert answer.status_code == 202
    assert answer.json()["job_id"] == running
    gone_on = video_service.wait_for(running, "running", "completed")
    assert gone_on["frames_done"] >= before


def test_a_complete_job_cannot_be_resumed(video_service: VideoService, done: str) -> None:
    answer = video_service.post(f"/jobs/{done}/resume")
    assert answer.status_code == 409


@pytest.mark.parametrize("unknown", ["unknown", "0" * 32, "..", "%2e%2e%2fetc", "a" * 2000, "ü", "%00", "a%0ab"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs/{}"),
        ("DELETE", "/jobs/{}"),
        ("GET", "/jobs/{}/results"),
        ("GET", "/jobs/{}/events"),
        ("GET", "/jobs/{}/tracks.pkl"),
        ("GET", "/jobs/{}/overlay.mp4"),
        ("POST", "/jobs/{}/resume"),
    ],
)
def test_an_unknown_or_malformed_id_is_not_found(
    video_service: VideoService, method: str, path: str, unknown: str
) -> None:
    with video_service.client() as client:
        answer = client.request(method, path.format(unknown))
    # "/jobs/.." is "/" before it is sent, and some of the others are no route at all.
    assert answer.status_code in ((404, 405, 307) if unknown == ".." else (404,))


def test_jobs_are_listed_newest_first_page_by_page(video_service: VideoService, done: str) -> None:
    video_service.wait_idle()
    ids = [video_service.queue(max_frames=1) for _ in range(3)]
    for job_id in ids:
        video_service.wait_complete(job_id)
    first = video_service.get("/jobs", params={"limit": 2, "state": "completed"}).json()
    second = video_service.get(first["next"]).json()
    assert [job["job_id"] for job in first["jobs"] + second["jobs"]][:3] == ids[::-1]
    everything, page = [], "/jobs?limit=3"
    while page:
        answer = video_service.get(page).json()
        everything += [job["job_id"] for job in answer["jobs"]]
        page = answer["next"]
    assert len(set(everything)) == len(everything)
    assert {done, *ids} <= set(everything)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?state=cancelled", 200),
        ("?state=unknown", 422),
        ("?limit=0", 422),
        ("?limit=1001", 422),
        ("?offset=-1", 422),
        ("?offset=50000", 200),
        ("?limit=x", 422),
    ],
)
def test_lists_with_invalid_limits_are_refused(video_service: VideoService, query: str, status: int) -> None:
    answer = video_service.get(f"/jobs{query}")
    assert answer.status_code == status
    if "state" in query and status == 200:
        assert {job["state"] for job in answer.json()["jobs"]} <= {"cancelled"}


def test_clients_with_keys_see_only_their_own_jobs(tmp_path: Path) -> None:
    mine, other = ({"X-API-Key": f"{name} key of sixteen or more"} for name in ("one", "another"))
    keys = orjson.dumps([key["X-API-Key"] for key in (mine, other)]).decode()
    with (
        VideoService(tmp_path, f"service.api_keys={keys}") as service,
        service.client(headers=mine) as owner,
        service.client(headers=other) as stranger,
    ):
        job_id = service.queue(owner, max_frames=1)
        until(lambda: owner.get(f"/jobs/{job_id}").json()["state"] == "completed")
        paths = ("", "/results", "/events", "/tracks.pkl")
        legacy = (f"/job_status/{job_id}", f"/pose/video/status/{job_id}")
        for path in (*(f"/jobs/{job_id}{path}" for path in paths), *legacy):
            assert owner.get(path).status_code == 200
            assert stranger.get(path).status_code == 404
            assert service.get(path).status_code == 401
        assert stranger.delete(f"/jobs/{job_id}").status_code == 404
        assert [job["job_id"] for job in owner.get("/jobs").json()["jobs"]] == [job_id]
        assert stranger.get("/jobs").json() == {"jobs": [], "next": None}
        assert owner.delete(f"/jobs/{job_id}").status_code == 204


def test_a_follower_gets_an_error_when_the_service_stops_and_the_job_resumes_after_the_restart(tmp_path: Path) -> None:
    with VideoService(tmp_path, "service.drain_seconds=0") as service:
        body = {"video_path": str(service.clip), "max_frames": 60}
        # A stop before the first piece of the answer would be a plain 503.
        with service.client() as client, client.stream("POST", "/pose/video?mesh=false", json=body) as answer:
            job_id = answer.headers["content-location"].rpartition("/")[2]
            pieces = answer.iter_bytes()
            received = next(pieces)
            service.signal()
            received += b"".join(pieces)
        service.wait()
    broken_off = orjson.loads(received)
    assert broken_off["status"] == "error"
    assert job_id in broken_off["error"]
    assert [frame["frame_number"] for frame in broken_off["frames"]] == list(range(broken_off["total_frames"]))
    with VideoService(tmp_path) as service:
        service.wait_complete(job_id)
        result = service.get(f"/pose/video/status/{job_id}?mesh=false").json()["result"]
    assert result["total_frames"] == 60
    for frame, before in zip(result["frames"], broken_off["frames"], strict=False):
        assert before.items() <= frame.items()
