"""`POST /pose/hybrid` and `POST /pose` of the contract, field by field, as the Node.js backend asks."""

import io
from base64 import b64decode
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from harness.running_service import RunningService
from tests.api import pictures

JPEG = pictures.sample_jpegs(1)[0]
EMPTY = pictures.saved(Image.new("RGB", (320, 240), (90, 120, 90)), "JPEG")
WIDTH, HEIGHT = 1280, 720
SMPL_NAMES = [
    *("pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle"),
    *("spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder"),
    *("right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand"),
]
PARENTS = (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
BONES = [(SMPL_NAMES[parent], SMPL_NAMES[child]) for child, parent in enumerate(PARENTS, start=1)]
"""SMPL's tree, which the older backend draws."""
AXES = ("x_3d", "y_3d", "z_3d")

HYBRID_FIELDS = {
    "frame_number",
    "frame_width",
    "frame_height",
    "keypoints",
    "keypoint_count",
    "has_3d",
    "joints_3d_raw",
    "joint_angles_3d",
    "mesh_vertices",
    "mesh_vertices_data",
    "mesh_faces_data",
    "camera_translation",
    "camera_params",
    "camera_full",
    "detection",
    "tracking_confidence",
    "phalp_available",
    "processing_time_ms",
    "model_version",
    "error",
}


def posted(service: RunningService, image: bytes, session: str, route: str = "/pose/hybrid", **fields: Any) -> Any:
    body = {"image_base64": pictures.base64_of(image), "frame_number": 0, **fields}
    answer = service.post(route, json=body, headers={"X-Session-Id": session})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_people_stand_before_the_camera_of_a_picture_that_says_its_focal_length(service: RunningService) -> None:
    plain, taken = posted(service, JPEG, "plain"), posted(service, pictures.taken_with(26), "taken")
    assert all("in_camera" not in person for person in plain["persons"])
    full = taken["camera_full"]
    metric = 26 / np.hypot(36, 24) * np.hypot(WIDTH, HEIGHT) / full["focal_length"]
    main = next(person for person in taken["persons"] if person["track_id"] == taken["track_id"])
    assert main["in_camera"]["translation"][2] == pytest.approx(full["tz"] * metric, rel=0.02)


@pytest.fixture(scope="module")
def seen(service: RunningService) -> Any:
    """The answer to a frame with people in it."""
    return posted(service, JPEG, "seen", frame_number=0, visualize=False)


@pytest.fixture(scope="module")
def predicted(service: RunningService) -> Any:
    """The answer to the grey frame after four frames with people."""
    images = pictures.sample_jpegs(4)
    for number, image in enumerate(images):
        posted(service, image, "predicted", frame_number=number)
    grey = pictures.saved(Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128)), "JPEG")
    return posted(service, grey, "predicted", frame_number=4)


@pytest.fixture(scope="module")
def nobody(service: RunningService) -> Any:
    """The answer to a frame without anybody, before anybody was seen."""
    return posted(service, EMPTY, "nobody")


@pytest.mark.parametrize("kind", ["seen", "predicted", "nobody"])
def test_every_field_of_the_contract_is_there(kind: str, request: pytest.FixtureRequest) -> None:
    answer = request.getfixturevalue(kind)
    assert set(answer) >= HYBRID_FIELDS
    assert "visualization" not in answer


def test_frame_number_and_size_echo_the_frame(seen: Any, predicted: Any) -> None:
    assert (seen["frame_number"], predicted["frame_number"]) == (0, 4)
    assert (seen["frame_width"], seen["frame_height"]) == (WIDTH, HEIGHT)


def test_people_are_placed_in_the_world_and_the_camera_is_told(seen: Any, predicted: Any) -> None:
    for answer in (seen, predicted):
        assert answer["persons"]
        assert all(person["world"]["position"][2] < -1 for person in answer["persons"])
        assert answer["calibration"] is None
        assert 0 <= answer["camera_motion"]["confidence"] <= 1


def test_keypoints_are_named_points_in_the_image(seen: Any) -> None:
    assert seen["keypoint_count"] == len(seen["keypoints"]) == 56
    for point in seen["keypoints"]:
        assert list(point) == ["name", "x", "y", "z", "x_3d", "y_3d", "z_3d", "confidence"]
        assert all(isinstance(value, int | float) for name, value in point.items() if name != "name")
        assert 0 < point["confidence"] <= 1
    by_name = {point["name"]: point for point in seen["keypoints"]}
    assert {"nose", "left_knee", "right_elbow", "mid_hip", "left_ankle", "right_wrist"} <= set(by_name)
    assert by_name["nose"]["y"] < by_name["mid_hip"]["y"] < by_name["left_ankle"]["y"]
    assert by_name["mid_hip"]["z"] == 0
    assert all(abs(point["z"]) < 2 for point in seen["keypoints"])


def test_the_first_24_keypoints_are_smpls_joints_by_the_older_services_names_and_order(seen: Any) -> None:
    assert [point["name"] for point in seen["keypoints"][:24]] == SMPL_NAMES
    assert len({point["name"] for point in seen["keypoints"]}) == 56


def test_all_23_bones_of_the_older_skeleton_can_be_drawn(seen: Any, predicted: Any) -> None:
    for answer in (seen, predicted):
        points = {point["name"]: np.array([point[axis] for axis in AXES]) for point in answer["keypoints"]}
        lengths = [np.linalg.norm(points[first] - points[second]) for first, second in BONES]
        assert len(lengths) == 23
        assert all(0.02 < length < 0.6 for length in lengths)


def test_the_depth_of_a_keypoint_is_that_behind_the_pelvis(seen: Any) -> None:
    by_name = {point["name"]: point for point in seen["keypoints"]}
    assert by_name["pelvis"]["z"] == 0
    for point in seen["keypoints"]:
        assert point["z"] == pytest.approx(point["z_3d"] - by_name["pelvis"]["z_3d"], abs=2e-5)


def test_has_3d_joints_and_angles(seen: Any) -> None:
    assert seen["has_3d"] is True
    assert np.shape(seen["joints_3d_raw"]) == (45, 3)
    angles = seen["joint_angles_3d"]
    sided = {f"{side}_{joint}" for side in ("left", "right") for joint in ("knee", "hip", "elbow", "shoulder")}
    assert sided | {"spine"} <= set(angles)
    assert 120 < angles["spine"] <= 180
    assert all(-360 <= angle <= 360 for angle in angles.values())


def test_mesh_vertices_and_faces(seen: Any) -> None:
    assert seen["mesh_vertices"] == 6890
    assert np.shape(seen["mesh_vertices_data"]) == (6890, 3)
    faces = np.array(seen["mesh_faces_data"])
    assert faces.ndim == 2
    assert faces.shape[1] == 3
    assert (faces.min(), faces.max()) == (0, 6889)


def test_cameras(seen: Any) -> None:
    assert np.shape(seen["camera_translation"]) == (3,)
    assert set(seen["camera_params"]) == {"scale", "tx", "ty", "type"}
    assert seen["camera_params"]["type"] == "weak_perspective"
    full = seen["camera_full"]
    assert set(full) == {"tx", "ty", "tz", "focal_length", "img_width", "img_height", "type"}
    assert full["type"] == "perspective"
    assert (full["img_width"], full["img_height"]) == (WIDTH, HEIGHT)
    assert [full["tx"], full["ty"], full["tz"]] == seen["camera_translation"]
    assert full["tz"] > 0


def test_the_full_camera_projects_the_joints_onto_the_keypoints(seen: Any) -> None:
    joints = np.array([[point[axis] for axis in AXES] for point in seen["keypoints"]])
    joints += np.array(seen["camera_translation"])
    projected = seen["camera_full"]["focal_length"] * joints[:, :2] / joints[:, 2:] + np.array([WIDTH, HEIGHT]) / 2
    points = np.array([[point["x"], point["y"]] for point in seen["keypoints"]])
    np.testing.assert_allclose(projected, points, atol=0.1)


def test_detection(seen: Any, predicted: Any, nobody: Any) -> None:
    for answer in (seen, predicted, nobody):
        assert set(answer["detection"]) >= {"box_center", "box_size", "vitdet_used", "num_persons_detected"}
    x, y = seen["detection"]["box_center"]
    assert 0 < x < WIDTH
    assert 0 < y < HEIGHT
    assert seen["detection"]["box_size"] > 0
    assert [answer["detection"]["vitdet_used"] for answer in (seen, predicted, nobody)] == [True, False, False]
    assert seen["detection"]["num_persons_detected"] >= 1
    assert predicted["detection"]["num_persons_detected"] == nobody["detection"]["num_persons_detected"] == 0


def test_tracking_confidence_is_one_when_seen_and_below_when_predicted(seen: Any, predicted: Any) -> None:
    assert seen["tracking_confidence"] == 1.0
    assert 0 < predicted["tracking_confidence"] < 1
    assert (seen["state"], predicted["state"]) == ("seen", "predicted")


def test_a_predicted_person_has_a_whole_pose(predicted: Any) -> None:
    assert predicted["has_3d"] is True
    assert predicted["error"] is None
    assert predicted["keypoint_count"] == 56
    assert np.shape(predicted["mesh_vertices_data"]) == (6890, 3)
    assert predicted["camera_translation"] is not None


def test_a_frame_without_anybody_is_200_and_says_so(nobody: Any) -> None:
    assert nobody["has_3d"] is False
    assert nobody["keypoints"] == []
    assert nobody["keypoint_count"] == 0
    assert nobody["joints_3d_raw"] is None
    assert nobody["mesh_vertices_data"] is None
    assert nobody["mesh_faces_data"] is None
    assert nobody["camera_translation"] is None
    assert nobody["joint_angles_3d"] == {}
    assert isinstance(nobody["error"], str)
    assert nobody["persons"] == []


def test_times_and_versions(seen: Any) -> None:
    assert seen["phalp_available"] is True
    assert seen["processing_time_ms"] > 0
    assert isinstance(seen["model_version"], str)
    assert seen["error"] is None


def test_everybody_is_in_the_additive_list(seen: Any) -> None:
    assert len(seen["persons"]) == 2
    assert seen["track_id"] in {person["track_id"] for person in seen["persons"]}
    for person in seen["persons"]:
        assert np.shape(person["keypoints_3d"]) == (45, 3)
        assert np.shape(person["smpl"]["body_pose"]) == (23, 3, 3)
        assert "mesh_vertices" not in person


def test_visualize_adds_a_jpeg_with_the_people_drawn_on_the_image(service: RunningService) -> None:
    answer = posted(service, JPEG, "visualize", visualize=True)
    head, _, data = answer["visualization"].partition(",")
    assert head == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(b64decode(data, validate=True)))
    assert picture.format == "JPEG"
    assert picture.size == (WIDTH, HEIGHT)
    changed = np.abs(np.asarray(picture).astype(int) - pictures.sample_image()).max(axis=2) > 60
    for person in answer["persons"]:
        x, y, width, height = (max(0, round(side)) for side in person["bbox"])
        assert changed[y : y + height, x : x + width].mean() > 0.1
    assert changed.mean() < 0.3


@pytest.mark.parametrize(
    ("fields", "number", "drawn"),
    [
        ({"frame_number": "3", "visualize": "true"}, 3, True),
        ({"frame_number": "3", "visualize": "false"}, 3, False),
        ({"frame_number": 3.0, "visualize": 1}, 3, True),
        ({"frame_number": None, "visualize": None, "session_id": None}, 0, False),
    ],
)
def test_numbers_and_flags_may_be_strings_or_null(
    service: RunningService, fields: dict[str, Any], number: int, drawn: bool
) -> None:
    answer = posted(service, EMPTY, f"loose-{fields['visualize']}", **fields)
    assert answer["frame_number"] == number
    assert ("visualization" in answer) is drawn


def test_a_data_prefix_and_line_breaks_are_accepted(service: RunningService) -> None:
    text = pictures.base64_of(JPEG)
    lines = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    for form in (f"data:image/jpeg;base64,{text}", f"data:image/png;name=x.png;base64,{text}", lines):
        answer = service.post("/pose/hybrid", json={"image_base64": form}, params={"session_id": "forms"})
        assert answer.status_code == 200
        assert answer.json()["has_3d"] is True


def test_a_png_is_accepted_too(service: RunningService, seen: Any) -> None:
    answer = posted(service, pictures.converted("RGB", "PNG"), "png")
    assert len(answer["persons"]) == len(seen["persons"])


def test_the_frame_number_defaults_to_0(service: RunningService) -> None:
    answer = service.post("/pose/hybrid", json={"image_base64": pictures.base64_of(JPEG)}, params={"session_id": "d"})
    assert answer.json()["frame_number"] == 0


def test_pose_answers_with_the_same_persons_keypoints_only(service: RunningService, seen: Any) -> None:
    answer = posted(service, JPEG, "seen", "/pose")
    assert [(point["name"], point["x"], point["y"]) for point in answer["keypoints"]] == [
        (point["name"], point["x"], point["y"]) for point in seen["keypoints"]
    ]
    assert answer["keypoint_count"] == 56
    assert not {"mesh_vertices_data", "joints_3d_raw", "persons"} & set(answer)


def test_a_retry_of_a_frame_returns_the_same_answer(service: RunningService, seen: Any) -> None:
    again = posted(service, JPEG, "seen")
    for answer in (seen, again):
        answer.pop("processing_time_ms", None)
    assert again == seen


def test_without_mesh_only_the_mesh_is_missing(service: RunningService) -> None:
    whole = posted(service, JPEG, "lean")
    body = {"image_base64": pictures.base64_of(JPEG)}
    lean = service.post("/pose/hybrid", json=body, params={"mesh": "false", "session_id": "lean"})
    assert lean.json()["mesh_vertices_data"] is None
    assert lean.json()["mesh_faces_data"] is None
    assert lean.json()["mesh_vertices"] == 6890
    assert set(lean.json()) == set(whole)
    assert lean.json()["keypoints"] == whole["keypoints"]


def test_fields_selects(service: RunningService) -> None:
    answer = service.post(
        "/pose/hybrid",
        params={"fields": "keypoints, frame_number,visualization", "visualize": "true", "session_id": "fields"},
        content=JPEG,
        headers={"Content-Type": "image/jpeg"},
    )
    assert set(answer.json()) == {"keypoints", "frame_number", "visualization"}


def _as_bare_image(service: RunningService) -> httpx.Response:
    headers = {"Content-Type": "image/jpeg", "X-Session-Id": "three ways".replace(" ", "-")}
    return service.post("/pose/hybrid", content=JPEG, params={"frame_number": 0}, headers=headers)


def _as_form(service: RunningService) -> httpx.Response:
    form = {"frame_number": "0", "session_id": "three-ways", "visualize": "false"}
    return service.post("/pose/hybrid", files={"image": ("photo.jpg", JPEG)}, data=form)


def _as_form_without_a_file_name(service: RunningService) -> httpx.Response:
    form = {"frame_number": "0", "session_id": "three-ways"}
    return service.post("/pose/hybrid", files={"image": (None, JPEG, "image/jpeg")}, data=form)


def _as_form_with_an_extended_file_name(service: RunningService) -> httpx.Response:
    headers = {"Content-Type": "multipart/form-data; boundary=XX", "X-Session-Id": "three-ways"}
    part = b"--XX\r\nContent-Disposition: form-data; name=image; filename*=UTF-8''f%C3%B6to.jpg\r\n\r\n"
    return service.post("/pose/hybrid", content=part + JPEG + b"\r\n--XX--\r\n", headers=headers)


def _as_json(service: RunningService) -> httpx.Response:
    body = {"image_base64": pictures.base64_of(JPEG), "frame_number": 0, "session_id": "three-ways"}
    return service.post("/pose/hybrid", json=body)


def test_json_forms_and_bare_image_are_the_same_frame(service: RunningService) -> None:
    forms = (_as_form, _as_form_without_a_file_name, _as_form_with_an_extended_file_name)
    answers = [ask(service) for ask in (_as_bare_image, _as_json, *forms)]
    assert [answer.status_code for answer in answers] == [200] * 5
    told = [{name: value for name, value in answer.json().items() if "time" not in name} for answer in answers]
    assert told == [told[0]] * 5
    assert told[0]["session"] == {"id": "three-ways", "video": 1, "late": False, "expected": True}


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (2, 2)])
def test_the_smallest_images_are_frames_without_people(service: RunningService, size: tuple[int, int]) -> None:
    answer = posted(service, pictures.saved(Image.new("RGB", size), "PNG"), f"tiny-{size[0]}-{size[1]}", visualize=True)
    assert (answer["frame_width"], answer["frame_height"]) == size
    assert answer["has_3d"] is False


@pytest.mark.parametrize(
    "image",
    [
        pictures.converted("RGBA", "PNG"),
        pictures.converted("CMYK", "JPEG"),
        pictures.deep_colour_png(),
        pictures.turned_by_exif(),
        pictures.converted("L", "JPEG"),
        pictures.deep_png(),
    ],
    ids=["alpha", "cmyk", "16-bit colour", "exif rotation", "grey", "16-bit grey"],
)
def test_unusual_encodings_of_an_image_give_the_same_people(
    service: RunningService, image: bytes, request: pytest.FixtureRequest
) -> None:
    name = request.node.name.replace(" ", "-")
    answer = posted(service, image, name[-60:])
    assert (answer["frame_width"], answer["frame_height"]) == (WIDTH, HEIGHT)
    assert len(answer["persons"]) >= 1
