"""A running job as operators see it: health stays at hand, and the log names the job."""

from tests.api.video_service import JOB_FRAMES, VideoService


def test_health_answers_while_a_video_is_computed(video_service: VideoService, running: str) -> None:
    asked, first = 0, video_service.job(running)["frames_done"]
    while (job := video_service.job(running))["frames_done"] <= first and job["state"] == "running":
        assert video_service.get("/health").json()["status"] == "ready"
        assert video_service.get("/livez").status_code == 200
        asked += 1
    assert asked >= 1
    assert video_service.get("/api/pose/health").json()["pool"]["active_jobs"] == 1


def test_the_log_has_the_counts_of_the_frames_of_a_job(video_service: VideoService, done: str) -> None:
    entries = [entry for entry in video_service.log_entries() if entry.get("job") == done]
    chunks = [entry for entry in entries if "frames" in entry]
    assert sum(entry["frames"] for entry in chunks) == JOB_FRAMES
    assert sum(entry["covered"] for entry in chunks) == sum(entry["expected"] for entry in chunks) == JOB_FRAMES
    assert sum(entry["seen"] + entry["predicted"] for entry in chunks) >= JOB_FRAMES


def test_the_log_line_of_a_request_names_its_job(video_service: VideoService, done: str) -> None:
    headers = {"X-Request-Id": "asks-for-a-job"}
    assert video_service.get(f"/jobs/{done}", headers=headers).status_code == 200
    (asked,) = video_service.log_entries("asks-for-a-job")
    assert asked["job"] == done
    submitted = video_service.log_entries("POST /jobs 202")
    assert done in [entry["job"] for entry in submitted]
