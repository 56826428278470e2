"""The older asynchronous routes: upload, poll, get frames."""

from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.api.video_service import WINDOWS, VideoService
from tracker_service.video.source import Position, open_source

FRAMES = 6


@pytest.fixture(scope="module")
def accepted(video_service: VideoService) -> httpx.Response:
    video_service.wait_idle()
    with video_service.clip.open("rb") as video:
        return video_service.post(
            "/process_video_async", files={"video": ("clip.mp4", video)}, data={"max_frames": str(FRAMES)}
        )


@pytest.fixture(scope="module")
def job_id(accepted: httpx.Response) -> str:
    return str(accepted.json()["job_id"])


@pytest.fixture(scope="module")
def statuses(video_service: VideoService, job_id: str) -> list[dict[str, Any]]:
    """All different statuses until the job is final."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["status"] in ("queued", "processing"):
        status = video_service.get(f"/job_status/{job_id}").json()
        if not found or status != found[-1]:
            found.append(status)
    return found


def test_an_upload_is_accepted_with_an_id(accepted: httpx.Response, job_id: str) -> None:
    assert accepted.status_code == 200
    assert accepted.json()["status"] == "accepted"
    assert job_id in accepted.json()["message"]
    assert accepted.headers["location"] == f"/jobs/{job_id}"


def test_the_status_goes_from_queued_over_processing_to_complete(statuses: list[dict[str, Any]], job_id: str) -> None:
    order = list(dict.fromkeys(status["status"] for status in statuses))
    assert order[-2:] == ["processing", "complete"]
    assert set(order) <= {"queued", "processing", "complete"}
    assert {status["job_id"] for status in statuses} == {job_id}


def test_elapsed_time_is_given_while_processing_and_rises(statuses: list[dict[str, Any]]) -> None:
    elapsed = [status["elapsed_time"] for status in statuses if status["status"] == "processing"]
    assert elapsed == sorted(elapsed)
    assert elapsed[-1] > 0
    assert not any("elapsed_time" in status for status in statuses if status["status"] != "processing")


def test_a_complete_job_has_its_time_and_the_path_of_the_overlay(
    statuses: list[dict[str, Any]], video_service: VideoService
) -> None:
    complete = statuses[-1]
    assert complete["processing_time"] > 0
    assert complete["output_path"] == complete["result"]["output_path"]
    assert complete["output_path"].startswith(WINDOWS)
    assert complete["result"]["pkl_path"].startswith(WINDOWS)
    assert complete["result"]["total_frames"] == FRAMES
    below = complete["output_path"].removeprefix(WINDOWS).replace("\\", "/").lstrip("/")
    with av.open(str(video_service.folder / below)) as overlay:
        assert sum(1 for _ in overlay.decode(video=0)) == FRAMES
    assert "error" not in complete


@pytest.mark.usefixtures("statuses")
@pytest.mark.parametrize("index", [0, 3, FRAMES - 1])
def test_a_frame_is_that_frame_of_the_overlay(video_service: VideoService, job_id: str, index: int) -> None:
    answer = video_service.get(f"/frame/{job_id}/{index}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    overlay = video_service.folder / "jobs" / "jobs" / job_id / "overlay.mp4"
    with open_source(overlay, start=Position(frame=index), end=Position(frame=index + 1)) as source:
        expected = next(iter(source)).image
    assert np.abs(_pixels(answer.content) - expected.astype(np.float32)).mean() < 3


def _pixels(jpeg: bytes) -> NDArray[np.float32]:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded, np.float32)


@pytest.mark.usefixtures("statuses")
@pytest.mark.parametrize(
    ("index", "status"),
    [
        (str(FRAMES), 400),
        ("250", 400),
        ("999999999", 400),
        ("9" * 30, 400),
        ("-1", 400),
        ("1.5", 400),
        ("one", 400),
        ("\u0661", 400),
        ("", 404),
        ("0/1", 404),
    ],
)
def test_a_frame_that_is_not_there_is_refused(
    video_service: VideoService, job_id: str, index: str, status: int
) -> None:
    answer = video_service.get(f"/frame/{job_id}/{index}")
    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("path", ["/job_status/{}", "/frame/{}/0"])
@pytest.mark.parametrize("unknown", ["unknown", "0" * 32, "..", "a b", "%00"])
def test_an_unknown_job_is_not_found(video_service: VideoService, path: str, unknown: str) -> None:
    answer = video_service.get(path.format(unknown))
    assert answer.status_code == 404
    if unknown == "0" * 32:
        assert answer.json()["error"] == "Job not found"


def test_a_job_that_is_not_complete_has_no_frames_and_a_cancelled_one_is_an_error(
    video_service: VideoService,
) -> None:
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=None)
    early = video_service.get(f"/frame/{job_id}/0")
    assert early.status_code == 400
    assert "complete" in early.json()["error"]
    video_service.delete(job_id)
    video_service.wait_for(job_id, "cancelled")
    status = video_service.get(f"/job_status/{job_id}").json()
    assert status == {"job_id": job_id, "status": "error", "state": "cancelled", "error": "the job was cancelled"}
    assert video_service.get(f"/frame/{job_id}/0").status_code == 400


def test_a_job_without_overlay_has_no_frames_but_everything_else(video_service: VideoService) -> None:
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=2, overlay=False)
    video_service.wait_complete(job_id)
    refused = video_service.get(f"/frame/{job_id}/0")
    assert refused.status_code == 400
    assert "overlay" in refused.json()["error"]
    assert video_service.get(f"/job_status/{job_id}").json()["output_path"] is None
    assert video_service.get(f"/jobs/{job_id}/overlay.mp4").status_code == 404
