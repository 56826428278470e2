"""``/jobs``: what new clients use to list, follow, fetch and end jobs."""

import io
import zipfile
from pathlib import Path
from typing import Any

import av
import joblib
import orjson
import pytest

from tests.api.video_service import JOB_FRAMES, VideoService
from tracker_service.api.jobs.job_answers import JobView

NDJSON = {"Accept": "application/x-ndjson"}


def test_a_job_is_shown_with_all_of_its_fields(video_service: VideoService, done: str) -> None:
    job = video_service.job(done)
    assert set(job) == set(JobView.model_fields)
    assert job["job_id"] == done
    assert job["state"] == "completed"
    assert job["video_path"] == str(video_service.clip)
    assert job["queued_at"] <= job["started_at"] <= job["completed_at"]
    assert (job["frames_done"], job["max_frames"], job["queue_position"], job["attempts"]) == (
        JOB_FRAMES,
        JOB_FRAMES,
        0,
        1,
    )
    assert job["reason"] is None
    for link in job["links"].values():
        with video_service.client() as client:
            assert client.get(link).status_code == 200


def test_results_are_one_json_document(video_service: VideoService, done: str) -> None:
    answer = video_service.get(f"/jobs/{done}/results")
    result = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (result["job_id"], result["status"], result["from"], result["next"]) == (done, "completed", 0, JOB_FRAMES)
    assert [frame["frame_number"] for frame in result["frames"]] == list(range(JOB_FRAMES))
    assert "mesh_vertices" not in result["frames"][0]["persons"][0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?from=2", [2, 3, 4, 5]),
        ("?from=2&limit=3", [2, 3, 4]),
        ("?limit=1", [0]),
        ("?limit=1000", [0, 1, 2, 3, 4, 5]),
        (f"?from={JOB_FRAMES}", []),
        ("?from=1000000000", []),
        ("?from=-1", 422),
        ("?from=x", 422),
        ("?from=1e3", 422),
        ("?from=99999999999999999999", 422),
        ("?limit=0", 422),
        ("?fields=nothing", 422),
    ],
)
def test_results_can_be_read_in_parts(video_service: VideoService, done: str, query: str, expected: Any) -> None:
    answer = video_service.get(f"/jobs/{done}/results{query}")
    if isinstance(expected, int):
        assert answer.status_code == expected
    else:
        assert [frame["frame_number"] for frame in answer.json()["frames"]] == expected
        assert answer.json()["next"] == answer.json()["from"] + len(expected)


def test_result_lines_are_the_same_frames(video_service: VideoService, done: str) -> None:
    answer = video_service.get(f"/jobs/{done}/results?from=1", headers=NDJSON)
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert lines == video_service.get(f"/jobs/{done}/results?from=1").json()["frames"]


@pytest.mark.parametrize(
    "accept", ["application/x-ndjson", "text/html, application/x-ndjson;q=0.9", "application/jsonl"]
)
def test_result_lines_are_chosen_by_the_accept_header(video_service: VideoService, done: str, accept: str) -> None:
    answer = video_service.get(f"/jobs/{done}/results?fields=track_id,mesh_vertices", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/x-ndjson"
    first = orjson.loads(answer.content.splitlines()[0])["persons"][0]
    assert set(first) == {"track_id", "mesh_vertices"}


def test_result_lines_follow_a_running_job_to_its_end(video_service: VideoService) -> None:
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=24)
    numbers, states = [], []
    with (
        video_service.client() as client,
        client.stream("GET", f"/jobs/{job_id}/results?from=3", headers=NDJSON) as answer,
    ):
        for line in answer.iter_lines():
            if line:
                numbers.append(orjson.loads(line)["frame_number"])
                states.append(video_service.job(job_id)["state"])
    assert numbers == list(range(3, 24))
    assert states[0] == "running"
    assert video_service.job(job_id)["state"] == "completed"


def test_result_lines_of_a_job_that_is_cancelled_end_with_an_error(video_service: VideoService, running: str) -> None:
    with video_service.client() as client, client.stream("GET", f"/jobs/{running}/results", headers=NDJSON) as answer:
        lines = answer.iter_lines()
        assert orjson.loads(next(lines))["frame_number"] == 0
        video_service.delete(running)
        last = [line for line in lines if line][-1]
    assert orjson.loads(last) == {"error": "the job was cancelled", "state": "cancelled"}


def test_a_json_document_of_a_running_job_holds_what_is_there(video_service: VideoService, running: str) -> None:
    result = video_service.get(f"/jobs/{running}/results?fields=track_id").json()
    assert result["status"] == "running"
    numbers = [frame["frame_number"] for frame in result["frames"]]
    assert numbers == list(range(result["next"]))
    assert 0 < len(numbers) < 250
    refused = video_service.get(f"/jobs/{running}/results.csv")
    assert (refused.status_code, refused.json()["error"]) == (
        409,
        "results.csv: expected a complete job, got one that is running",
    )


def _events(text: str) -> list[dict[str, str]]:
    """Parse server-sent events."""
    events = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        pairs = (line.partition(": ") for line in block.split("\n") if line)
        fields = {name: value for name, _, value in pairs if name}
        if fields:
            events.append(fields)
    return events


def test_events_report_the_progress_until_the_end(video_service: VideoService) -> None:
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=16)
    answer = video_service.get(f"/jobs/{job_id}/events", headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    retry, *events = _events(answer.text)
    assert int(retry["retry"]) > 0
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["end"]
    shown = [orjson.loads(event["data"]) for event in events]
    done = [job["frames_done"] for job in shown]
    assert done == sorted(done)
    assert done[0] < done[-1] == 16
    assert shown[-1]["state"] == "completed"
    assert shown[-1]["links"]["tracks"]
    ids = [event["id"] for event in events]
    assert len(set(ids)) == len(ids)


def test_events_continue_after_the_last_one_that_the_client_has_received(
    video_service: VideoService, done: str
) -> None:
    _, end = _events(video_service.get(f"/jobs/{done}/events").text)
    again = video_service.get(f"/jobs/{done}/events", headers={"Last-Event-ID": end["id"]})
    other = video_service.get(f"/jobs/{done}/events", headers={"Last-Event-ID": "running-1-3-0"})
    assert (again.status_code, again.content) == (204, b"")
    assert [event.get("event") for event in _events(other.text)] == [None, "end"]


def test_tracks_are_phalps_pickle(video_service: VideoService, done: str, tmp_path: Path) -> None:
    answer = video_service.get(f"/jobs/{done}/tracks.pkl")
    assert answer.status_code == 200
    (tmp_path / "tracks.pkl").write_bytes(answer.content)
    assert len(joblib.load(tmp_path / "tracks.pkl")) == JOB_FRAMES


def test_the_overlay_is_a_video(video_service: VideoService, done: str, tmp_path: Path) -> None:
    answer = video_service.get(f"/jobs/{done}/overlay.mp4")
    assert answer.headers["content-type"] == "video/mp4"
    (tmp_path / "overlay.mp4").write_bytes(answer.content)
    with av.open(str(tmp_path / "overlay.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == JOB_FRAMES


def test_the_summary_is_a_page(video_service: VideoService, done: str) -> None:
    answer = video_service.get(video_service.get(f"/jobs/{done}").json()["links"]["summary"])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["overlay.mp4", "tracks.pkl"])
@pytest.mark.parametrize(
    ("sent", "status", "begin", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=5-999999999", 206, 5, None),
        ("bytes=999999999-", 416, 0, 0),
        ("lines=1-2", 400, 0, 0),
    ],
)
def test_players_get_the_range_they_ask_for(
    video_service: VideoService, done: str, name: str, sent: str, status: int, begin: int, end: int | None
) -> None:
    path = f"/jobs/{done}/{name}"
    whole = video_service.get(path)
    answer = video_service.get(path, headers={"Range": sent})
    assert whole.headers["accept-ranges"] == "bytes"
    assert answer.status_code == status
    if status == 206:
        assert answer.content == whole.content[begin:end]
        first = begin % len(whole.content)
        assert answer.headers["content-range"].startswith(f"bytes {first}-")


@pytest.mark.parametrize("name", ["overlay.mp4", "summary.html", "tracks.pkl"])
def test_head_tells_the_length_of_a_file(video_service: VideoService, done: str, name: str) -> None:
    with video_service.client(headers={"Accept-Encoding": "identity"}) as client:
        head, whole = client.head(f"/jobs/{done}/{name}"), client.get(f"/jobs/{done}/{name}")
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(whole.content)


def test_files_of_a_job_that_is_not_complete_are_not_there_yet(video_service: VideoService) -> None:
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=None, overlay=True)
    answers = [video_service.get(f"/jobs/{job_id}/{name}") for name in ("overlay.mp4", "summary.html", "tracks.pkl")]
    video_service.delete(job_id)
    for answer in answers:
        assert answer.status_code == 409
        assert "complete" in answer.json()["error"]


def test_a_format_is_written_once_and_answered_as_a_file(video_service: VideoService, done: str) -> None:
    path = f"/jobs/{done}/results.glb"
    with video_service.client() as client:
        head = client.head(path)
        answer = client.get(path)
        part = client.get(path, headers={"Range": "bytes=0-3", "If-Range": answer.headers["etag"]})
        stated = int(orjson.loads(client.get(f"/jobs/{done}").content)["frames_done"])
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == answer.headers["etag"]
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert 'filename="results.glb"' in answer.headers["content-disposition"]
    assert (part.status_code, part.content) == (206, b"glTF")
    length = int.from_bytes(answer.content[12:16], "little")
    times = [
        one["count"] for one in orjson.loads(answer.content[20 : 20 + length])["accessors"] if one["type"] == "SCALAR"
    ]
    assert stated in times


def test_people_with_files_of_their_own_come_in_an_archive_or_alone(video_service: VideoService, done: str) -> None:
    path = f"/jobs/{done}/results.bvh?skeleton=mixamo"
    answer = video_service.get(path)
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        texts = [archive.read(name).decode() for name in names]
    assert all(text.startswith("HIERARCHY\nROOT mixamorig:Hips\n") for text in texts)
    track_id = names[0].removeprefix("person_").removesuffix(".bvh")
    alone = video_service.get(f"{path}&track_id={track_id}")
    assert alone.text == texts[0]
    assert alone.headers["content-type"].startswith("text/plain")
    missing = video_service.get(f"{path}&track_id=999")
    assert (missing.status_code, missing.json()["error"]) == (
        404,
        "track_id: expected a person of the results, got 999",
    )


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("results.obj", 404, "format: expected one of glb, bvh,"),
        ("results.glb?track_id=1", 422, "track_id: expected a format with one file a person, got glb"),
        ("results.bvh?skeleton=maya", 422, "skeleton: "),
    ],
)
def test_what_is_not_there_is_said(
    video_service: VideoService, done: str, path: str, status: int, message: str
) -> None:
    answer = video_service.get(f"/jobs/{done}/{path}")
    assert answer.status_code == status
    assert message in answer.json()["error"]
