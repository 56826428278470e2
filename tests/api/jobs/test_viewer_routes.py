"""A job's page: its parts, while it runs and at the end, and what it says without a key."""

import httpx
import pytest

from tests.api.conftest import StartService
from tests.api.video_service import JOB_FRAMES, VideoService
from tests.viewer.layout import read_bodies, read_body, read_timeline

KEY = "a-key-of-the-viewer-tests"


def test_a_complete_job_has_a_page_with_all_parts(video_service: VideoService, done: str) -> None:
    page = video_service.get(f"/jobs/{done}/viewer")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '{"url":"viewer/"}' in page.text
    index = video_service.get(f"/jobs/{done}/viewer/index.json").json()
    assert (index["name"], index["frames"], index["final"]) == ("clip.mp4", JOB_FRAMES, True)
    assert [video["kind"] for video in index["videos"]] == ["video", "overlay"]
    timeline = read_timeline(video_service.get(f"/jobs/{done}/viewer/timeline/0").content)
    bodies = read_bodies(video_service.get(f"/jobs/{done}/viewer/bodies/0").content)
    results = video_service.get(f"/jobs/{done}/results").json()["frames"]
    assert len(timeline["track"]) == len(bodies["camera"]) == sum(len(frame["persons"]) for frame in results)
    assert len(read_body(video_service.get(f"/jobs/{done}/viewer/body").content)["template"]) > 1000
    assert video_service.get(f"/jobs/{done}/viewer/video").content == video_service.clip.read_bytes()
    assert video_service.get(f"/jobs/{done}/viewer/overlay").status_code == 200


def test_a_complete_job_is_one_file(video_service: VideoService, done: str) -> None:
    answer = video_service.get(f"/jobs/{done}/viewer.html")
    assert answer.status_code == 200
    assert 'id="bodies-0-0"' in answer.text
    assert 'id="video-0" data-type="video/mp4"' in answer.text


def test_two_jobs_are_shown_beside_each_other(video_service: VideoService, done: str) -> None:
    page = video_service.get(f"/jobs/{done}/viewer", params={"with": done})
    assert f'"../{done}/viewer/"' in page.text


def test_a_job_that_runs_grows_and_is_no_file_yet(video_service: VideoService, running: str) -> None:
    index = video_service.get(f"/jobs/{running}/viewer/index.json").json()
    assert not index["final"]
    assert index["frames"] > 0
    timeline = read_timeline(video_service.get(f"/jobs/{running}/viewer/timeline/0").content)
    assert len(timeline["seconds"]) >= index["frames"]
    assert video_service.get(f"/jobs/{running}/viewer.html").status_code == 409


@pytest.mark.parametrize("part", ["viewer", "viewer.html", "viewer/index.json", "viewer/body", "viewer/timeline/0"])
def test_a_job_that_is_not_there_has_no_page(video_service: VideoService, part: str) -> None:
    assert video_service.get(f"/jobs/no-such-job/{part}").status_code == 404


@pytest.mark.parametrize("part", ["timeline/1", "timeline/-1", "bodies/99999999999999", "faces"])
def test_a_part_that_is_not_there_is_404(video_service: VideoService, done: str, part: str) -> None:
    assert video_service.get(f"/jobs/{done}/viewer/{part}").status_code == 404


def test_without_a_key_the_page_alone_is_sent(start_service: StartService) -> None:
    service = start_service(f'service.api_keys=["{KEY}"]', ready=False)
    with httpx.Client(base_url=service.url) as client:
        assert client.get("/jobs/no-such-job/viewer").status_code == 200
        assert client.get("/jobs/no-such-job/viewer", headers={"X-API-Key": KEY}).status_code in (404, 503)
        for part in ("viewer.html", "viewer/index.json", "viewer/body", "viewer/video"):
            assert client.get(f"/jobs/no-such-job/{part}").status_code == 401, part
        assert client.post("/jobs/no-such-job/viewer").status_code == 401
