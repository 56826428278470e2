"""``POST /pose/video``: every field of the contract, and what of it may be chosen."""

import gzip
from typing import Any

import httpx
import joblib
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.api.video_service import WINDOWS, VideoService
from tracker_service.api.jobs.frame_fields import PERSON_FIELDS
from tracker_service.settings import load_settings
from tracker_service.types import Smpl
from tracker_service.wiring.models import load_body

FRAMES = 12


@pytest.fixture(scope="module")
def answer(video_service: VideoService) -> httpx.Response:
    """The answer to a video that is named in Windows' way."""
    video_service.wait_idle()
    return video_service.post("/pose/video", json={"video_path": rf"{WINDOWS}\clip.mp4", "max_frames": FRAMES})


@pytest.fixture(scope="module")
def result(answer: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    return document


@pytest.fixture(scope="module")
def persons(result: dict[str, Any]) -> list[dict[str, Any]]:
    found = [person for frame in result["frames"] for person in frame["persons"]]
    assert len(found) > FRAMES  # two people walk through these frames
    return found


def _shape(value: Any) -> tuple[int, ...]:
    array: NDArray[Any] = np.array(value)
    assert array.dtype.kind == "f"
    return array.shape


def test_a_free_service_answers_200_with_a_stream_of_json(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["transfer-encoding"] == "chunked"


def test_the_answer_begins_with_the_jobs_id_and_ends_with_its_outcome(result: dict[str, Any]) -> None:
    assert list(result) == [
        "job_id",
        "video_path",
        "frames",
        "status",
        "pkl_path",
        "total_frames",
        "processing_time_seconds",
        "parsing_time_seconds",
    ]
    assert result["status"] == "success"
    assert result["video_path"] == rf"{WINDOWS}\clip.mp4"
    assert result["total_frames"] == FRAMES
    assert isinstance(result["processing_time_seconds"], float)
    assert result["processing_time_seconds"] > 0
    assert isinstance(result["parsing_time_seconds"], float)


def test_pkl_path_is_spelled_as_the_client_sees_it_and_leads_to_the_file(
    result: dict[str, Any], video_service: VideoService
) -> None:
    assert result["pkl_path"].startswith(WINDOWS)
    below = result["pkl_path"].removeprefix(WINDOWS).replace("\\", "/").lstrip("/")
    tracks = joblib.load(video_service.folder / below)
    assert len(tracks) == FRAMES


def test_there_is_exactly_one_frame_for_every_frame_of_the_video(result: dict[str, Any]) -> None:
    assert [frame["frame_number"] for frame in result["frames"]] == list(range(FRAMES))
    times = [frame["timestamp"] for frame in result["frames"]]
    assert times[0] == 0.0
    assert np.diff(times) == pytest.approx(1 / 25, abs=1e-3)
    assert all(isinstance(frame["persons"], list) for frame in result["frames"])


def test_a_person_has_every_field_of_the_contract(persons: list[dict[str, Any]]) -> None:
    for person in persons:
        assert isinstance(person["track_id"], int)
        assert 0 <= person["confidence"] <= 1
        assert _shape(person["smpl"]["betas"]) == (10,)
        assert _shape(person["smpl"]["body_pose"]) == (23, 3, 3)
        assert _shape(person["smpl"]["global_orient"]) == (1, 3, 3)
        assert _shape(person["keypoints_3d"]) == (45, 3)
        assert _shape(person["keypoints_2d"]) == (45, 2)
        assert list(person["camera"]) == ["tx", "ty", "tz"]
        assert _shape(list(person["camera"].values())) == (3,)
        assert _shape(person["bbox"]) == (4,)
        assert _shape(person["mesh_vertices"]) == (6890, 3)


def test_tracking_confidence_is_1_for_the_seen_and_below_for_the_predicted(persons: list[dict[str, Any]]) -> None:
    seen = [person for person in persons if person["state"] == "seen"]
    predicted = [person for person in persons if person["state"] == "predicted"]
    assert {person["tracking_confidence"] for person in seen} == {1.0}
    assert all(0 < person["tracking_confidence"] < 1 for person in predicted)


def test_a_box_is_x_y_width_height_around_the_persons_joints(persons: list[dict[str, Any]]) -> None:
    for person in persons:
        x, y, width, height = person["bbox"]
        middle = np.median(np.array(person["keypoints_2d"])[:25], axis=0)
        assert x < middle[0] < x + width
        assert y < middle[1] < y + height


def test_the_mesh_is_the_body_in_the_sent_pose(persons: list[dict[str, Any]]) -> None:
    def stacked(name: str) -> NDArray[np.float32]:
        return np.array([person["smpl"][name] for person in persons], np.float32)

    body = load_body(load_settings())
    expected = body.vertices(Smpl(stacked("global_orient"), stacked("body_pose"), stacked("betas")))
    sent = np.array([person["mesh_vertices"] for person in persons])
    np.testing.assert_allclose(sent, expected, rtol=0, atol=1e-5)


def test_a_person_keeps_the_id_from_frame_to_frame(result: dict[str, Any]) -> None:
    first, last = result["frames"][0], result["frames"][-1]
    assert {person["track_id"] for person in first["persons"]} <= {person["track_id"] for person in last["persons"]}


_KNOWN = set(PERSON_FIELDS) - {"in_camera"}
"""What every person has; where a camera's focal length is not known, nobody is placed before it."""


@pytest.mark.parametrize(
    ("query", "present", "absent"),
    [
        ("", _KNOWN - {"mesh_vertices"}, {"mesh_vertices"}),
        ("?mesh=true", _KNOWN, set()),
        ("?mesh=false", _KNOWN - {"mesh_vertices"}, {"mesh_vertices"}),
        ("?fields=track_id,bbox", {"track_id", "bbox"}, set(PERSON_FIELDS) - {"track_id", "bbox"}),
        ("?fields=track_id,mesh_vertices", {"track_id", "mesh_vertices"}, {"bbox", "smpl"}),
        ("?fields=track_id&mesh=true", {"track_id", "mesh_vertices"}, {"bbox", "smpl"}),
        ("?fields=mesh_vertices,bbox&mesh=false", {"bbox"}, {"mesh_vertices", "smpl"}),
        ("?fields=", set(), set(PERSON_FIELDS)),
        ("?fields=bbox,,", {"bbox"}, {"smpl"}),
        ("?fields=vertices", 422, None),
        ("?mesh=maybe", 422, None),
    ],
)
def test_mesh_and_fields_choose_what_a_person_has(
    video_service: VideoService, result: dict[str, Any], query: str, present: set[str] | int, absent: set[str]
) -> None:
    answer = video_service.get(f"/pose/video/status/{result['job_id']}{query}")
    if isinstance(present, int):
        assert answer.status_code == present
        assert isinstance(answer.json()["error"], str)
        return
    persons = [person for frame in answer.json()["result"]["frames"] for person in frame["persons"]]
    assert len(persons) > FRAMES
    for person in persons:
        assert present <= set(person)
        assert not absent & set(person)


def test_the_answer_is_compressed_when_the_client_takes_gzip(
    video_service: VideoService, result: dict[str, Any]
) -> None:
    path, sizes = f"/pose/video/status/{result['job_id']}?mesh=false", {}
    for coding in ("gzip", "identity"):
        with (
            video_service.client() as client,
            client.stream("GET", path, headers={"Accept-Encoding": coding}) as answer,
        ):
            assert answer.headers.get("content-encoding", "identity") == coding
            raw = b"".join(answer.iter_raw())
            sizes[coding] = len(raw)
            text = gzip.decompress(raw) if coding == "gzip" else raw
            assert text.endswith(b"}}")
    assert sizes["gzip"] < sizes["identity"] / 2
