"""``/live``: cameras that the service reads for its clients."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

from harness.running_service import RunningService
from harness.streams.live_stream import LiveStream
from harness.waiting import until
from tests.live.conftest import people_walking
from tracker_service.api.live.stream_recording import recording_folder
from tracker_service.errors import LiveForbiddenError, SettingsError
from tracker_service.live.source_rules import SourceRules
from tracker_service.settings import load_settings
from tracker_service.types import UInt8

__all__ = ["people_walking"]


def start(service: RunningService, stream_id: str, source: str) -> httpx.Response:
    return service.post("/live", json={"id": stream_id, "source": source})


def results(service: RunningService, stream_id: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with service.client() as client, client.stream("GET", f"/live/{stream_id}/events") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: ") and (message := orjson.loads(line[6:]))["type"] == "result":
                found.append(message)
            if len(found) == count:
                break
    return found


def test_a_camera_is_followed_until_it_is_ended(live_service: RunningService, people_walking: list[UInt8]) -> None:
    with LiveStream(lambda number: people_walking[number % len(people_walking)], 10, "mpjpeg") as camera:
        started = start(live_service, "door", camera.url)
        assert (started.status_code, started.json()["source"]) == (201, camera.url)
        first, second = results(live_service, "door", 2)
        assert first["frame_number"] < second["frame_number"]
        assert first["live"]["captured"] < second["live"]["captured"]
        assert first["persons"]
        state = live_service.get("/live/door").json()
        assert state["state"] == "running"
        assert state["frames_computed"] >= 2
        assert [stream["id"] for stream in live_service.get("/live").json()["streams"]].count("door") == 1
        assert start(live_service, "door", camera.url).status_code == 409
        with live_service.client() as client:
            assert client.delete("/live/door").status_code == 204
    assert live_service.get("/live/door").status_code == 404


def test_a_camera_that_comes_back_is_followed_on(live_service: RunningService, people_walking: list[UInt8]) -> None:
    camera = LiveStream(lambda number: people_walking[number % len(people_walking)], 10, "mpjpeg")
    with camera:
        assert start(live_service, "gate", camera.url).status_code == 201
        (before,) = results(live_service, "gate", 1)
    with camera:
        until(lambda: live_service.get("/live/gate").json()["reconnections"])
        after = results(live_service, "gate", 1)[0]
        with live_service.client() as client:
            client.delete("/live/gate")
    assert after["live"]["computed"] > before["live"]["computed"]


def test_a_stream_is_recorded_as_ordinary_results_which_stay_when_it_has_ended(
    live_service: RunningService, people_walking: list[UInt8]
) -> None:
    with LiveStream(lambda _: people_walking[0], 10, "mpjpeg") as camera:
        started = live_service.post("/live", json={"id": "kept", "source": camera.url, "record": True})
        assert (started.status_code, started.json()["recording"]) == (201, True)
        results(live_service, "kept", 3)
        with live_service.client() as client:
            client.delete("/live/kept")
    until(lambda: live_service.get("/live/kept/parts").json()["parts"])
    (part,) = live_service.get("/live/kept/parts").json()["parts"]
    assert part["frames"] >= 2
    assert {"results.ndjson", "tracks.pkl", "summary.json", "overlay.mp4"} <= set(part["files"])
    lines = live_service.get(f"/live/kept/parts/{part['name']}/results.ndjson").content.splitlines()
    frames = [orjson.loads(line) for line in lines]
    assert [frame["frame_number"] for frame in frames] == list(range(part["frames"]))
    assert frames[0]["timestamp"] == 0
    assert frames[0]["persons"]
    summary = live_service.get(f"/live/kept/parts/{part['name']}/summary.json").json()
    assert (summary["source"], set(summary["runs_on"].values())) == (camera.url, {"cpu"})


@pytest.mark.parametrize("path", ["part-00009/results.ndjson", "part-00001/job.json", "..%2F..%2Fother/results.ndjson"])
def test_what_was_not_recorded_is_not_found(live_service: RunningService, path: str) -> None:
    assert live_service.get(f"/live/never/parts/{path}").status_code == 404


def test_a_service_that_records_nothing_says_so() -> None:
    with pytest.raises(LiveForbiddenError, match=r"live\.record_folder"):
        recording_folder(load_settings(), "somebody", "door")


def test_clients_whose_names_look_alike_have_folders_of_their_own(tmp_path: Path) -> None:
    settings = load_settings({"live": {"record_folder": tmp_path}})
    names = ["a", "A b", "a/b", "..", "::1", "client-a"]
    folders = {recording_folder(settings, name, "door") for name in names}
    assert len(folders) == len(names)
    assert {folder.parent.parent for folder in folders} == {tmp_path}


def test_the_ids_go_on_when_the_process_that_reads_a_camera_is_killed(
    live_service: RunningService, people_walking: list[UInt8]
) -> None:
    with LiveStream(lambda _: people_walking[0], 10, "mpjpeg") as camera:
        assert start(live_service, "hall", camera.url).status_code == 201
        (before,) = results(live_service, "hall", 1)
        for reader in psutil.Process(live_service.process.pid).children():
            if any("reader_process" in word for word in reader.cmdline()):
                reader.kill()
        until(lambda: live_service.get("/live/hall").json()["reconnections"])
        (after,) = results(live_service, "hall", 1)
        with live_service.client() as client:
            client.delete("/live/hall")
    assert live_service.get("/livez").status_code == 200
    assert people(before)
    assert people(before) & people(after)


def people(message: dict[str, Any]) -> set[int]:
    return {person["track_id"] for person in message["persons"]}


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://127.0.0.1/1",
        "http://127.0.0.2/1",
        "http://127.0.0.1.example/1",
        "http://user@127.0.0.1@elsewhere/1",
        "/etc/passwd",
        "file:///etc/passwd",
        "concat:/etc/passwd",
        "-",
        "0",
    ],
)
def test_a_source_that_was_not_named_is_forbidden(live_service: RunningService, source: str) -> None:
    answer = start(live_service, "other", source)
    assert answer.status_code == 403, answer.text
    assert "live.sources" in answer.json()["error"]


def test_a_camera_that_is_not_there_takes_no_place(live_service: RunningService) -> None:
    for _ in range(4):
        answer = start(live_service, "away", "http://user:hunter2@127.0.0.1:9/1")
        assert answer.status_code == 400, answer.text
        assert "hunter2" not in answer.text
    assert live_service.get("/live/away").status_code == 404


def test_rules_name_protocols_and_hosts() -> None:
    rules = SourceRules(["rtsp://10.0.0.*", "https://cam*.example"])
    assert rules.check("rtsp://me:secret@10.0.0.7:8554/1").host == "10.0.0.7"
    assert rules.check("https://cam3.example/video.mjpg").scheme == "https"
    with pytest.raises(LiveForbiddenError):
        rules.check("http://cam3.example/video.mjpg")
    with pytest.raises(LiveForbiddenError):
        SourceRules([]).check("rtsp://10.0.0.7/1")


@pytest.mark.parametrize("pattern", ["10.0.0.1", "file://x", "rtsp://", "rtsp://camera/1"])
def test_a_rule_that_is_none_is_an_error(pattern: str) -> None:
    with pytest.raises(SettingsError, match="expected protocol://host"):
        SourceRules([pattern])
