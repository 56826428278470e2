"""The results of jobs in the shape of the older service, and what is too long for one JSON answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from tests.api.video_service import JOB_FRAMES, WINDOWS, VideoService
from tracker_service.api.jobs.legacy.frames import MainPerson
from tracker_service.body.joints import SMPL_JOINT_NAMES

RECORD = {
    *("frameNumber", "originalFrameNumber", "timestamp", "confidence", "keypoints", "joints3D", "jointAngles"),
    *("has3D", "meshRendered", "vertices", "faces", "tracked", "personId", "predicted"),
    *("camera_translation", "camera_params", "camera_full"),
}


@pytest.fixture(scope="module")
def status(video_service: VideoService, done: str) -> Any:
    """The last answer to a poll."""
    return video_service.get(f"/job_status/{done}", params={"t": "1764320000"}).json()


def test_the_last_poll_has_the_result_with_the_videos_figures(status: Any) -> None:
    assert (status["status"], status["state"]) == ("complete", "completed")
    result = status["result"]
    assert result["output_path"] == status["output_path"]
    assert result["output_path"].startswith(WINDOWS)
    assert (result["status"], result["total_frames"], result["processed_frames"]) == ("success", JOB_FRAMES, JOB_FRAMES)
    assert result["resolution"] == [1280, 720]
    assert result["fps"] == pytest.approx(25, abs=0.01)
    assert result["video_duration"] == pytest.approx(JOB_FRAMES / 25, abs=1e-3)
    assert result["processing_time_seconds"] > 0
    assert result["output_size_mb"] > 0
    assert result["message"] is None


def test_there_is_one_record_of_the_main_person_for_every_frame(status: Any) -> None:
    frames = status["result"]["frames"]
    assert [frame["frameNumber"] for frame in frames] == list(range(JOB_FRAMES))
    assert len({frame["personId"] for frame in frames}) == 1
    for frame in frames:
        assert set(frame) == RECORD
        assert [point["name"] for point in frame["keypoints"][:24]] == list(SMPL_JOINT_NAMES)
        assert np.shape(frame["joints3D"]) == (45, 3)
        assert 120 < frame["jointAngles"]["spine"] <= 180
        assert (frame["has3D"], frame["tracked"], frame["meshRendered"]) == (True, True, True)
        assert (frame["vertices"], frame["faces"]) == (None, None)
        assert 0 < frame["confidence"] <= 1
        projected = np.array(frame["camera_translation"]) + [
            [p["x_3d"], p["y_3d"], p["z_3d"]] for p in frame["keypoints"]
        ]
        pixels = frame["camera_full"]["focal_length"] * projected[:, :2] / projected[:, 2:] + [640, 360]
        np.testing.assert_allclose(pixels, [[point["x"], point["y"]] for point in frame["keypoints"]], atol=0.1)


def test_the_timeline_is_the_frames_and_every_frame_is_accepted(status: Any) -> None:
    result = status["result"]
    assert result["pose_timeline"] == result["frames"]
    assert [entry["frame_index"] for entry in result["frame_acceptance"]] == list(range(JOB_FRAMES))
    assert {entry["has_mesh"] for entry in result["frame_acceptance"]} == {True}
    assert result["frame_acceptance"][3]["timestamp"] == result["frames"][3]["timestamp"]


def test_meshes_come_when_asked_for_and_triangles_once(video_service: VideoService, done: str) -> None:
    result = video_service.get(f"/job_status/{done}?mesh=true").json()["result"]
    assert {np.shape(frame["vertices"]) for frame in result["frames"]} == {(6890, 3)}
    assert [frame["faces"] is not None for frame in result["frames"]] == [True] + [False] * (JOB_FRAMES - 1)
    assert {frame["vertices"] for frame in result["pose_timeline"]} == {None}


def test_a_poll_can_leave_out_the_result(video_service: VideoService, done: str) -> None:
    assert "result" not in video_service.get(f"/job_status/{done}?result=false").json()
    refused = video_service.get(f"/job_status/{done}?result=maybe")
    assert (refused.status_code, "result: input should be" in refused.json()["error"]) == (422, True)


def test_the_status_of_a_video_has_both_shapes(video_service: VideoService, done: str, status: Any) -> None:
    told = video_service.get(f"/pose/video/status/{done}").json()
    assert (told["status"], told["state"]) == ("complete", "completed")
    result = told["result"]
    for name in ("fps", "resolution", "video_duration", "output_path", "frame_acceptance", "total_frames"):
        assert result[name] == status["result"][name]
    for frame, record in zip(result["frames"], status["result"]["frames"], strict=True):
        assert record.items() <= frame.items()
        assert frame["personId"] in {person["track_id"] for person in frame["persons"]}
        assert all("mesh_vertices" not in person for person in frame["persons"])


def test_an_upload_that_is_waited_for_gives_the_same_result(video_service: VideoService) -> None:
    video_service.wait_idle()
    with video_service.clip.open("rb") as video:
        answer = video_service.post("/process_video", files={"video": ("clip.mp4", video)}, data={"max_frames": "2"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "success"
    result = answer.json()["data"]
    assert result["total_frames"] == len(result["frames"]) == 2
    assert all(frame["has3D"] for frame in result["frames"])
    assert result["output_path"].startswith(WINDOWS)
    job_id = answer.headers["content-location"].rpartition("/")[2]
    assert video_service.get(f"/frame/{job_id}/1").status_code == 200


def test_an_upload_that_is_no_video_is_refused(video_service: VideoService) -> None:
    answer = video_service.post("/process_video", files={"video": ("clip.mp4", b"no video")})
    assert answer.status_code in (400, 415)
    assert isinstance(answer.json()["error"], str)


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoService]:
    """A service that sends little in one answer, commits late, and speaks to the other version of the client."""
    settings = ("limits.meshes=2", "api.result_frames=3", "jobs.chunk_frames=240", "api.video_status=completed")
    with VideoService(tmp_path_factory.mktemp("brief"), *settings) as running:
        yield running


@pytest.fixture(scope="module")
def long_answer(brief: VideoService) -> httpx.Response:
    """The answer to a video that is longer than one answer holds."""
    return brief.post("/pose/video", json={"video_path": str(brief.clip), "max_frames": "4", "refine": None})


def test_a_long_video_comes_without_meshes_and_says_where_they_are(long_answer: httpx.Response) -> None:
    assert long_answer.status_code == 200
    told = long_answer.json()
    people = [person for frame in told["frames"] for person in frame["persons"]]
    assert people
    assert not any("mesh_vertices" in person for person in people)
    assert f"/jobs/{told['job_id']}/results?mesh=true" in told["message"]


def test_a_short_video_of_many_people_has_no_more_meshes_than_one_answer_holds(brief: VideoService) -> None:
    brief.wait_idle()
    told = brief.post("/pose/video", json={"video_path": str(brief.clip), "max_frames": "2"}).json()
    people = [person for frame in told["frames"] for person in frame["persons"]]
    assert len(people) > 2
    assert sum("mesh_vertices" in person for person in people) <= 2
    assert f"/jobs/{told['job_id']}/results?mesh=true" in told["message"]
    refused = brief.get(f"/pose/video/status/{told['job_id']}?mesh=true")
    assert refused.status_code == 422
    assert f"at most 2 of them, got {len(people)}" in refused.json()["error"]
    of_main_persons = brief.get(f"/job_status/{told['job_id']}?mesh=true").json()["result"]["frames"]
    assert [np.shape(frame["vertices"]) for frame in of_main_persons] == [(6890, 3)] * 2


@pytest.mark.parametrize("route", ["/job_status/{}", "/pose/video/status/{}"])
def test_a_long_result_has_no_frames_and_says_where_they_are(
    brief: VideoService, long_answer: httpx.Response, route: str
) -> None:
    path = route.format(long_answer.json()["job_id"])
    told = brief.get(path).json()
    assert told["status"] == ("complete" if "job_status" in route else "completed")
    result = told["result"]
    assert result is None or result["frames"] == result["pose_timeline"] == []
    message = told["message"] if result is None else result["message"]
    assert f"/jobs/{told['job_id']}/results" in message
    if result is not None:
        refused = brief.get(f"{path}?mesh=true")
        assert refused.status_code == 422
        assert f"/jobs/{told['job_id']}/results?mesh=true" in refused.json()["error"]


def test_frames_are_sent_while_their_chunk_is_computed_also_compressed(brief: VideoService) -> None:
    request = {"video_path": str(brief.clip)}
    with (
        brief.client() as client,
        client.stream("POST", "/pose/video?mesh=false", json=request) as answer,
    ):
        assert answer.headers["content-encoding"] == "gzip"
        text, pieces = "", answer.iter_text()
        while '"frame_number":' not in text:
            text += next(pieces)
        job = brief.job(orjson.loads(text.partition(',"video_path"')[0] + "}")["job_id"])
        assert (job["state"], job["frames_done"]) == ("running", 0)
    brief.delete(job["job_id"])


@pytest.mark.parametrize("frames", [1, 2])
def test_people_are_reported_in_the_shortest_videos(brief: VideoService, frames: int) -> None:
    brief.wait_idle()
    answer = brief.post("/pose/video", json={"video_path": str(brief.clip), "max_frames": frames})
    told = answer.json()
    assert [len(frame["persons"]) > 0 for frame in told["frames"]] == [True] * frames


def person(track_id: int, age: int = 0) -> dict[str, Any]:
    return {"track_id": track_id, "age": age}


@pytest.mark.parametrize(
    ("persons", "main"),
    [
        ([], None),
        ([person(1), person(2)], 2),
        ([person(1), person(2, age=5)], 2),
        ([person(1), person(2, age=6)], 1),
        ([person(1, age=9), person(2, age=6)], 2),
        ([person(4), person(3)], 3),
    ],
)
def test_who_is_seen_most_speaks_unless_others_are_seen_and_they_are_not(
    persons: list[dict[str, Any]], main: int | None
) -> None:
    found = MainPerson({1: 10, 2: 20}).among(persons)
    assert (None if found is None else found["track_id"]) == main


def test_without_a_summary_the_lowest_id_speaks(tmp_path: Path) -> None:
    found = MainPerson.of_job(tmp_path).among([person(2), person(1)])
    assert found is not None
    assert found["track_id"] == 1
