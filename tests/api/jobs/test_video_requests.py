"""``POST /pose/video``: refusals, queued jobs, cancelled jobs, and clients that disconnect."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from harness.job_stores import workers
from harness.waiting import until
from tests.api.video_service import VideoService

FRAMES = 12


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{}", 400, "Missing video_path parameter"),
        (b'{"video_path": null}', 400, "Missing video_path parameter"),
        (b'{"video_path": ""}', 400, "Missing video_path parameter"),
        (b"[]", 400, "Missing video_path parameter"),
        (b"null", 400, "Missing video_path parameter"),
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b'{"video_path": 5}', 422, None),
        (b'{"video_path": ["a"]}', 422, None),
        (b'{"video_path": "C:\\\\Users\\\\me\\\\no.mov"}', 400, r"Video file not found: C:\Users\me\no.mov"),
        (b'{"video_path": "%(folder)s/no.mov"}', 400, "Video file not found: %(folder)s/no.mov"),
        (b'{"video_path": "%(folder)s"}', 400, None),
        (b'{"video_path": "clip.mp4"}', 400, None),
        (b'{"video_path": "%(folder)s/../clip.mp4"}', 400, None),
        (b'{"video_path": "%(folder)s/clip.mp4\\u0000"}', 400, None),
        (b'{"video_path": "\\ud800"}', 400, None),
        (b'{"video_path": "/etc/passwd"}', 403, None),
        (b'{"video_path": "/no/such/file"}', 403, None),
        (b'{"video_path": "D:\\\\clip.mov"}', 403, None),
        (b'{"video_path": "%(folder)s/log"}', 415, None),
        (b'{"video_path": "%(folder)s/empty.mp4"}', 415, None),
        (b'{"video_path": "%(folder)s/picture.png"}', 415, None),
        (b'{"video_path": "%(folder)s/clip.mp4", "max_frames": 0}', 422, None),
        (b'{"video_path": "%(folder)s/clip.mp4", "max_frames": "many"}', 422, None),
        (b'{"video_path": "%(folder)s/clip.mp4", "max_frames": 1e99}', 422, None),
        (b'{"video_path": "%(folder)s/clip.mp4", "priority": -1}', 422, None),
        (b'{"video_path": "%(folder)s/clip.mp4", "overlay": "perhaps"}', 422, None),
    ],
)
def test_an_impossible_request_is_refused(
    video_service: VideoService, body: bytes, status: int, error: str | None
) -> None:
    folder = str(video_service.folder)
    (video_service.folder / "empty.mp4").touch()
    (video_service.folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    sent = body.replace(b"%(folder)s", folder.encode())
    answer = video_service.post("/pose/video", content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    message = answer.json()["error"]
    assert message
    if error is not None:
        assert message == error.replace("%(folder)s", folder)
    if b"/Users/" not in sent and folder.encode() not in sent:
        assert folder not in message


@pytest.mark.parametrize(
    ("route", "fields", "error"),
    [
        ("/pose/video", {"max_frame": 3}, "'max_frame' is unknown; did you mean max_frames?"),
        ("/jobs", {"maxFrames": 3}, "'maxFrames' is unknown; did you mean max_frames?"),
        ("/jobs", {"colour": "red"}, "'colour' is unknown; expected max_frames, overlay, priority, refine, webhook"),
        ("/pose/video", {"on_disconect": "x"}, "'on_disconect' is unknown; did you mean on_disconnect in the query?"),
        ("/pose/video?max_frames=3", {}, "'max_frames' is expected in the body"),
        ("/pose/video?mehs=false", {}, "'mehs' is unknown; did you mean mesh?"),
        ("/jobs?max_frame=3", {}, "'max_frame' is unknown; did you mean max_frames in the body?"),
    ],
)
def test_a_misspelt_or_misplaced_name_is_refused_with_the_nearest_one(
    video_service: VideoService, route: str, fields: dict[str, Any], error: str
) -> None:
    named = video_service.post(route, json={"video_path": str(video_service.clip), **fields})
    with video_service.clip.open("rb") as video:
        uploaded = video_service.post(route, files={"video": video}, data=fields)
    for answer in (named, uploaded):
        assert (answer.status_code, answer.json()["error"]) == (422, error)


def test_a_misspelt_name_is_refused_by_the_older_upload_and_the_list_of_jobs(video_service: VideoService) -> None:
    with video_service.clip.open("rb") as video:
        form = video_service.post("/process_video_async", files={"video": video}, data={"max_frame": "3"})
    assert form.json()["error"] == "'max_frame' is unknown; did you mean max_frames?"
    listed = video_service.get("/jobs?stat=running")
    assert (listed.status_code, listed.json()["error"]) == (422, "'stat' is unknown; did you mean state?")


def test_a_poll_with_a_time_against_caches_is_answered(video_service: VideoService) -> None:
    assert video_service.get("/health?_=1764320000").status_code == 200
    assert video_service.get("/job_status/unknown-job?t=1764320000").status_code == 404


def test_an_unknown_query_value_is_refused(video_service: VideoService) -> None:
    answer = video_service.post("/pose/video?on_disconnect=explode", json={"video_path": str(video_service.clip)})
    assert answer.status_code == 422


def test_a_client_that_prefers_it_gets_202_and_polls_until_the_result_is_there(video_service: VideoService) -> None:
    video_service.wait_idle()
    answer = video_service.post(
        "/pose/video",
        json={"video_path": str(video_service.clip), "max_frames": 6},
        headers={"Prefer": "wait=5, respond-async"},
    )
    queued = answer.json()
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == f"/jobs/{queued['job_id']}"
    assert queued["status"] == "queued"
    assert queued["queue_position"] == 0
    assert queued["job_id"] in queued["message"]
    statuses = _poll(video_service, queued["job_id"])
    assert set(statuses[:-1]) <= {"queued", "processing"}
    assert statuses[-1] == "complete"


def _poll(service: VideoService, job_id: str) -> list[str]:
    """Poll as the backend does and check every field on the way; returns the statuses."""
    statuses: list[str] = []

    def look() -> list[str] | None:
        status = service.get(f"/pose/video/status/{job_id}").json()
        statuses.append(status["status"])
        assert status["job_id"] == job_id
        assert status["video_path"] == str(service.clip)
        assert isinstance(status["queued_at"], float)
        assert status["started_at"] is None or status["status"] != "queued"
        assert (status["completed_at"] is None) == (status["status"] in ("queued", "processing"))
        if status["status"] not in ("complete", "error"):
            assert status["result"] is None
            return None
        assert status["queued_at"] <= status["started_at"] <= status["completed_at"]
        if status["status"] == "complete":
            result = status["result"]
            assert result["status"] == "success"
            assert result["total_frames"] == len(result["frames"]) == 6
            assert len(result["frames"][0]["persons"][0]["keypoints_3d"]) == 45
            assert "mesh_vertices" not in result["frames"][0]["persons"][0]
        return statuses

    found: list[str] = until(look)
    return found


def test_of_two_concurrent_videos_one_streams_and_the_other_is_queued_and_both_complete(
    video_service: VideoService,
) -> None:
    video_service.wait_idle()
    body = {"video_path": str(video_service.clip), "max_frames": 8}
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(video_service.post, "/pose/video?mesh=false", json=body) for _ in range(2)]
    by_status = {answer.result().status_code: answer.result() for answer in answers}
    assert sorted(by_status) == [200, 202]
    streamed, queued = by_status[200].json(), by_status[202].json()
    assert by_status[202].headers["location"] == f"/jobs/{queued['job_id']}"
    assert "preference-applied" not in by_status[202].headers
    video_service.wait_complete(queued["job_id"])
    later = video_service.get(f"/pose/video/status/{queued['job_id']}?mesh=false").json()["result"]
    assert [{name: frame[name] for name in streamed["frames"][0]} for frame in later["frames"]] == streamed["frames"]


def test_a_job_cancelled_before_its_first_frame_ends_the_request_with_an_error(video_service: VideoService) -> None:
    video_service.wait_idle()
    answers: list[httpx.Response] = []
    body = {"video_path": str(video_service.clip)}
    asking = threading.Thread(target=lambda: answers.append(video_service.post("/pose/video", json=body)))
    asking.start()
    job_id = until(lambda: _newest_active(video_service))
    video_service.delete(job_id)
    asking.join()
    assert answers[0].status_code == 409
    assert answers[0].json()["error"] == "the job was cancelled"


def test_the_answer_begins_while_the_worker_is_suspended_and_a_cancel_ends_it_validly(
    video_service: VideoService,
) -> None:
    video_service.wait_idle()
    body = {"video_path": str(video_service.clip)}
    stopping = threading.Thread(target=_stop_worker, args=(video_service,))
    stopping.start()
    with video_service.client() as client, client.stream("POST", "/pose/video", json=body) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_bytes()
        begun = next(pieces)
        assert begun.startswith(b'{"job_id":"')
        job_id = answer.headers["content-location"].removeprefix("/jobs/")
        assert job_id.encode() in begun
        client.delete(f"/jobs/{job_id}")
        whole = begun + b"".join(pieces)
    stopping.join()
    ended = httpx.Response(200, content=whole).json()
    assert ended["status"] == "error"
    assert ended["error"] == "the job was cancelled"
    assert ended["pkl_path"] is None
    assert ended["total_frames"] == len(ended["frames"])


def _stop_worker(service: VideoService) -> None:
    """Halt the worker as soon as there is one; the cancelled job's end kills it."""

    for worker in until(lambda: workers(service.process.pid)):
        worker.suspend()


def _newest_active(service: VideoService) -> str | None:
    for state in ("queued", "running"):
        for job in service.get("/jobs", params={"state": state}).json()["jobs"]:
            return str(job["job_id"])
    return None


@pytest.mark.parametrize(("query", "state"), [("?on_disconnect=cancel", "cancelled"), ("", "running")])
def test_after_a_disconnect_the_job_continues_or_is_cancelled(
    video_service: VideoService, query: str, state: str
) -> None:
    video_service.wait_idle()
    body = {"video_path": str(video_service.clip)}
    with (
        video_service.client() as client,
        client.stream("POST", f"/pose/video{query}", json=body) as answer,
    ):
        assert next(answer.iter_bytes())
        job_id = answer.headers["content-location"].removeprefix("/jobs/")
    if state == "cancelled":
        video_service.wait_for(job_id, "cancelled")
    else:
        before = video_service.job(job_id)["frames_done"]
        gone_on = until(lambda: job if (job := video_service.job(job_id))["frames_done"] > before else None)
        assert gone_on["state"] in ("running", "completed")
        video_service.delete(job_id)


def test_a_disconnect_before_the_answer_begins_cancels_the_job(video_service: VideoService) -> None:
    video_service.wait_idle()
    with video_service.client() as client, pytest.raises(httpx.ReadTimeout):
        client.post("/pose/video", json={"video_path": str(video_service.clip)}, timeout=0.8)
    newest = video_service.get("/jobs").json()["jobs"][0]["job_id"]
    assert video_service.wait_for(newest, "cancelled", "completed")["state"] == "cancelled"


@pytest.mark.parametrize("job_id", ["unknown", "a" * 22, "../../etc", "%2e%2e", "x" * 500, "ünï"])
def test_an_unknown_job_has_no_status(video_service: VideoService, job_id: str) -> None:
    answer = video_service.get(f"/pose/video/status/{job_id}")
    assert answer.status_code == 404
    assert answer.json()["error"]
