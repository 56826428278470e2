"""``WS /live/{id}``: frames in, results out, over a broken socket and to a reader who is slow."""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from harness.running_service import RunningService
from harness.waiting import until
from tests.api.conftest import StartService
from tests.api.live.conftest import KEY
from tests.api.pictures import sample_jpegs, taken_with
from tests.viewer.layout import read_timeline
from tracker_service.api.http.socket_outcome import SOCKET
from tracker_service.api.live.messages import PACKED_MAGIC

FRAMES = sample_jpegs(4)


def address(service: RunningService, stream: str) -> str:
    return f"{service.url.replace('http://', 'ws://')}/live/{stream}"


@contextmanager
def socket(service: RunningService, stream: str, **options: Any) -> Iterator[ClientConnection]:
    with connect(address(service, stream), proxy=None, **options) as connection:
        yield connection


def said(connection: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(connection.recv(timeout=60))
    return message


def send(connection: ClientConnection, number: int, image: bytes) -> None:
    connection.send(struct.pack("<I", number) + image)


def people(message: dict[str, Any]) -> set[int]:
    return {person["track_id"] for person in message["persons"]}


def test_frames_are_answered_in_order_with_the_numbers_of_the_client(live_service: RunningService) -> None:
    with socket(live_service, "order") as connection:
        assert said(connection)["type"] == "hello"
        results = []
        for number, image in enumerate(FRAMES):
            send(connection, 10 + number, image)
            results.append(said(connection))
    assert [result["type"] for result in results] == ["result"] * len(FRAMES)
    assert [result["live"]["source_frame"] for result in results] == [10, 11, 12, 13]
    assert {result["live"]["skipped"] for result in results} == {0}
    assert all(result["live"]["latency_ms"] > 0 for result in results)
    numbers = [result["frame_number"] for result in results]
    assert numbers == sorted(set(numbers))
    assert people(results[0]) & people(results[-1])


def test_packed_results_are_what_the_viewers_page_reads(live_service: RunningService) -> None:
    with socket(live_service, "packed?results=packed") as connection:
        assert said(connection)["type"] == "hello"
        send(connection, 7, FRAMES[0])
        message = connection.recv(timeout=60)
    assert isinstance(message, bytes)
    magic, number, milliseconds, size = struct.unpack_from("<IIfI", message)
    assert (magic, number) == (PACKED_MAGIC, 7)
    assert milliseconds > 0
    timeline = read_timeline(message[16 : 16 + size])
    assert len(timeline["track_ids"]) > 0


def test_the_newest_frame_is_computed_and_the_others_are_counted(live_service: RunningService) -> None:
    with socket(live_service, "newest") as connection:
        said(connection)
        for number in range(12):
            send(connection, number, FRAMES[0])
        results = [said(connection)]
        while results[-1]["live"]["source_frame"] < 11:
            results.append(said(connection))
    assert sum(result["live"]["skipped"] + 1 for result in results) == 12


def test_the_focal_length_that_a_camera_wrote_into_its_frames_comes_along(live_service: RunningService) -> None:
    with socket(live_service, "focal") as connection:
        said(connection)
        send(connection, 0, taken_with(26))
        assert said(connection)["calibration"] == {
            "focal_length": pytest.approx(26 / math.hypot(36, 24) * math.hypot(1280, 720)),
            "source": "metadata",
        }


def test_a_socket_is_recorded_on_demand_and_its_parts_stay(live_service: RunningService) -> None:
    """Every frame that was answered is kept, also those after which the socket broke."""
    images = [FRAMES[0], *FRAMES[:3]]
    token = ""
    for number, image in enumerate(images):
        with socket(live_service, f"film?record=true&resume={token}") as connection:
            token = said(connection)["resume"]
            send(connection, number, image)
            last = said(connection)
            assert last["type"] == "result"
    with live_service.client() as client:
        client.delete("/live/film")

    def recorded() -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = live_service.get("/live/film/parts").json()["parts"]
        return parts if sum(part["frames"] for part in parts) == len(images) else []

    parts = until(recorded)
    files = {"results.ndjson", "tracks.pkl", "summary.json", "overlay.mp4"}
    assert all(files <= set(part["files"]) for part in parts)
    lines = [
        line
        for part in parts
        for line in live_service.get(f"/live/film/parts/{part['name']}/results.ndjson").content.splitlines()
    ]
    assert people(orjson.loads(lines[-1])) == people(last)


def test_a_broken_socket_goes_on_with_its_token_and_the_ids_go_on(live_service: RunningService) -> None:
    with socket(live_service, "broken") as connection:
        token = said(connection)["resume"]
        send(connection, 0, FRAMES[0])
        before = said(connection)
    with socket(live_service, f"broken?resume={token}") as connection:
        assert said(connection)["resume"] == token
        send(connection, 1, FRAMES[1])
        after = said(connection)
    assert people(before) & people(after)
    assert after["live"]["computed"] == 2


def test_a_socket_has_one_line_in_the_log_and_counts_as_one_request(live_service: RunningService) -> None:
    with socket(live_service, "logged?resume=a-secret-token") as connection:
        assert said(connection)["type"] == "hello"
        send(connection, 0, FRAMES[0])
        assert said(connection)["type"] == "result"
    (entry,) = live_service.log_entries('"stream":"logged"')
    assert entry["message"] == "WEBSOCKET /live/{stream_id} 101"
    assert (entry["close_code"], entry["messages_in"], entry["messages_out"]) == (1000, 1, 2)
    assert entry["client"] == "127.0.0.1"
    assert entry["request_id"]
    logged = partial(live_service.log_lines, entry["message"])
    # Sockets of other tests may end meanwhile: the service sees a moment later than we that one is closed.
    until(lambda: live_service.metric("phalp_requests_total", method=SOCKET, status="101") == len(logged()))
    assert "a-secret-token" not in live_service.log()


@pytest.mark.parametrize("token", ["", "?resume=wrong"])
def test_a_stream_is_not_taken_over_without_its_token(live_service: RunningService, token: str) -> None:
    stream = f"taken{len(token)}"
    with socket(live_service, stream) as connection:
        said(connection)
        with socket(live_service, f"{stream}{token}") as stranger, pytest.raises(ConnectionClosed) as closed:
            stranger.recv(timeout=60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403


def test_more_streams_than_the_settings_allow_are_told_to_come_again(live_service: RunningService) -> None:
    with socket(live_service, "one") as one, socket(live_service, "two") as two, socket(live_service, "three") as three:
        assert [said(each)["type"] for each in (one, two, three)] == ["hello"] * 3
        with socket(live_service, "four") as four, pytest.raises(ConnectionClosed) as closed:
            four.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    # The service sees a moment later than we that a socket is closed.
    until(lambda: all(stream["state"] != "running" for stream in live_service.get("/live").json()["streams"]))


def test_what_is_no_image_is_told_of_and_the_stream_goes_on(live_service: RunningService) -> None:
    with socket(live_service, "damaged") as connection:
        said(connection)
        for data in (b"1234GIF89a", b"abc", struct.pack("<I", 1) + FRAMES[0][:400]):
            connection.send(data)
            assert said(connection)["type"] == "problem"
        send(connection, 3, FRAMES[0])
        assert said(connection)["type"] == "result"


def test_a_page_of_another_site_gets_no_socket(live_service: RunningService) -> None:
    with pytest.raises(InvalidStatus), socket(live_service, "foreign", origin="https://elsewhere.example"):
        pass
    (entry,) = live_service.log_entries('"stream":"foreign"')
    assert entry["message"] == "WEBSOCKET /live/{stream_id} 403"
    with socket(live_service, "own", origin=live_service.url) as connection:
        assert said(connection)["type"] == "hello"


def test_with_keys_a_socket_needs_one_in_a_header_or_as_its_first_message(start_service: StartService) -> None:
    service = start_service(f'service.api_keys=["{KEY}"]', ready=False)
    with socket(service, "a", additional_headers={"X-API-Key": KEY}) as connection:
        assert said(connection)["type"] == "hello"
    with socket(service, "b") as connection:
        connection.send(orjson.dumps({"api_key": KEY}).decode())
        assert said(connection)["type"] == "hello"
    with socket(service, "c") as connection:
        connection.send(orjson.dumps({"api_key": "another"}).decode())
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_people_keep_their_ids_when_the_service_is_killed(start_service: StartService, tmp_path: Path) -> None:
    # However long it takes to start again, nobody may be forgotten meanwhile.
    keep = (f"sessions.keep={tmp_path / 'kept'}", "sessions.keep_seconds=0.05", "phalp.max_age_track=1000000")
    first = start_service(*keep)
    with socket(first, "kept") as connection:
        token = said(connection)["resume"]
        for number in range(3):
            send(connection, number, FRAMES[0])
            before = said(connection)
    saved = tmp_path / "kept"
    until(lambda: any(saved.rglob("*")))
    first.kill()
    second = start_service(*keep)
    with socket(second, f"kept?resume={token}") as connection:
        assert said(connection)["resume"] == token
        send(connection, 3, FRAMES[0])
        after = said(connection)
    assert after["persons"]
    assert people(before) & people(after)
