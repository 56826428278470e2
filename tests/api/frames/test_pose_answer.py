from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest

from tests.body.conftest import PROJECT
from tests.results.frames import HEIGHT, WIDTH, frame_result, tracked_person
from tracker_service.api.frames.answer import (
    HYBRID_FIELDS,
    KEYPOINT_FIELDS,
    checked_fields,
    hybrid_record,
    keypoints_record,
    record_bytes,
)
from tracker_service.api.frames.schemas import HybridAnswer, KeypointAnswer
from tracker_service.body.joint_angles import JOINT_ANGLE_NAMES, joint_angles, spine_angle
from tracker_service.body.joints import BODY_25_NAMES, JOINT_INDEX, JOINT_NAMES, SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.errors import ContractError, SettingsError
from tracker_service.results.person_json import frame_record, stacked_smpl
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.types import CameraMotion, PoseQuality, QualityReason, TrackedPerson, Usability
from tracker_service.types.calibration import FocalLength, FocalSource

ADDITIVE = {"persons", "track_id", "state", "session", "calibration", "camera_motion"}


LITE_BODY = BodyModel.load(PROJECT / "model_repository" / "hmr_lite" / "body_model.npz")


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return LITE_BODY


def answer(*persons: TrackedPerson, main: int | None = 0, **changes: Any) -> FrameAnswer:
    values: dict[str, Any] = {"session": "10.0.0.7", "video": 2, "detected": 1, "late": False, "expected": True}
    shown = persons[main] if persons and main is not None else None
    return FrameAnswer(result=frame_result(5, *persons), main=shown, **values | changes)


def hybrid(given: FrameAnswer, body: BodyModel, **options: Any) -> dict[str, Any]:
    """The response as a client reads it."""
    record = hybrid_record(given, body, model_version="4D-Humans-PHALP", processing_time_ms=12.34567, **options)
    loaded: dict[str, Any] = orjson.loads(record_bytes(record))
    return loaded


def keypoints(given: FrameAnswer, **options: Any) -> dict[str, Any]:
    record = keypoints_record(given, LITE_BODY, model_version="lite", processing_time_ms=1.0, **options)
    loaded: dict[str, Any] = orjson.loads(record_bytes(record))
    return loaded


SEEN = tracked_person(4, 5)
PREDICTED = tracked_person(4, 5, age=3)


def test_all_fields_of_the_contract_are_there_and_the_rest_is_additive(body: BodyModel) -> None:
    contract = {
        *("frame_number", "frame_width", "frame_height", "keypoints", "keypoint_count", "has_3d", "joints_3d_raw"),
        *("joint_angles_3d", "mesh_vertices", "mesh_vertices_data", "mesh_faces_data", "camera_translation"),
        *("camera_params", "camera_full", "detection", "tracking_confidence", "phalp_available"),
        *("processing_time_ms", "model_version", "error"),
    }
    for given in (answer(SEEN), answer()):
        assert set(hybrid(given, body)) == contract | ADDITIVE == set(HYBRID_FIELDS)


def test_the_camera_is_in_the_answer_where_it_is_known(body: BodyModel) -> None:
    plain = answer(SEEN)
    unknown = hybrid(plain, body)
    assert (unknown["calibration"], unknown["camera_motion"]) == (None, None)
    camera = FocalLength(FocalSource.METADATA, field_of_view=60.0).in_frame((WIDTH, HEIGHT))
    known = replace(plain.result, calibration=camera, camera_motion=CameraMotion.none())
    record = hybrid(replace(plain, result=known), body)
    assert record["calibration"] == {"focal_length": pytest.approx(camera.focal_length), "source": "metadata"}
    assert record["camera_motion"] == {"matrix": np.eye(3).tolist(), "confidence": 1.0}
    assert len(record["persons"][0]["in_camera"]["translation"]) == 3
    HybridAnswer.model_validate(record)


def test_frame_fields(body: BodyModel) -> None:
    record = hybrid(answer(SEEN), body)
    assert (record["frame_number"], record["frame_width"], record["frame_height"]) == (5, WIDTH, HEIGHT)
    assert record["model_version"] == "4D-Humans-PHALP"
    assert record["processing_time_ms"] == 12.346
    assert record["phalp_available"] is True


def test_keypoints_are_named_in_pixels_with_depth_relative_to_the_pelvis(body: BodyModel) -> None:
    record = hybrid(answer(SEEN), body, keypoint_set="openpose45")
    points = record["keypoints"]
    assert record["keypoint_count"] == len(points) == 45
    assert [point["name"] for point in points] == list(JOINT_NAMES)
    np.testing.assert_allclose([[point["x"], point["y"]] for point in points], SEEN.joints_2d, atol=6e-4)
    joints = [[point["x_3d"], point["y_3d"], point["z_3d"]] for point in points]
    np.testing.assert_allclose(joints, SEEN.joints_3d, atol=6e-6)
    depth = SEEN.joints_3d[:, 2] - body.smpl_joints(stacked_smpl((SEEN,)))[0, 0, 2]
    np.testing.assert_allclose([point["z"] for point in points], depth, atol=6e-6)
    assert {point["confidence"] for point in points} == {1.0}


def test_keypoints_beyond_the_border_have_a_lower_confidence(body: BodyModel) -> None:
    in_sight = np.ones(45, np.float32)
    in_sight[[JOINT_INDEX["left_ankle"], JOINT_INDEX["left_big_toe"]]] = 0.25
    quality = PoseQuality(Usability.DOUBTFUL, (QualityReason.CUT_OFF,), 0.2, in_sight)
    given = answer(tracked_person(4, 5, age=3, tracking_confidence=0.8, quality=quality))
    for record in (hybrid(given, body), keypoints(given)):
        confidence = {point["name"]: point["confidence"] for point in record["keypoints"]}
        assert confidence["left_ankle"] == confidence["left_foot"] == pytest.approx(0.2)
        assert confidence["right_ankle"] == confidence["pelvis"] == 0.8


def test_keypoints_are_smpls_joints_the_45_or_smpls_and_those_with_other_names(body: BodyModel) -> None:
    smpl, openpose, both = (
        hybrid(answer(SEEN), body, keypoint_set=wanted)["keypoints"] for wanted in ("smpl24", "openpose45", "both")
    )
    assert [point["name"] for point in smpl] == list(SMPL_JOINT_NAMES)
    assert both[:24] == smpl
    assert both[24:] == [point for point in openpose if point["name"] not in SMPL_JOINT_NAMES]


def test_openposes_points_of_smpls_names_are_smpls_joints(body: BodyModel) -> None:
    smpl = stacked_smpl((SEEN,))
    own, reported = body.smpl_joints(smpl)[0], body.joints(smpl)[0]
    shared = [name for name in BODY_25_NAMES if name in SMPL_JOINT_NAMES]
    assert len(shared) == 13
    for name in shared:
        np.testing.assert_array_equal(own[SMPL_JOINT_NAMES.index(name)], reported[JOINT_INDEX[name]])


def test_joints_are_given_as_they_are(body: BodyModel) -> None:
    record = hybrid(answer(SEEN), body)
    assert record["has_3d"] is True
    np.testing.assert_array_equal(np.array(record["joints_3d_raw"], np.float32), SEEN.joints_3d)


def test_joint_angles_are_those_of_the_main_person(body: BodyModel) -> None:
    angles = hybrid(answer(SEEN), body)["joint_angles_3d"]
    assert list(angles) == [*JOINT_ANGLE_NAMES, "spine"]
    expected = joint_angles(SEEN.joints_3d, SEEN.body_pose)
    expected["spine"] = spine_angle(body.smpl_joints(stacked_smpl((SEEN,)))[0])
    assert angles == pytest.approx(expected, abs=0.006)


def test_the_mesh_is_that_of_the_main_person(body: BodyModel) -> None:
    record = hybrid(answer(tracked_person(1, 5), SEEN, main=1), body)
    assert record["mesh_vertices"] == body.number_of_vertices
    np.testing.assert_array_equal(
        np.array(record["mesh_vertices_data"], np.float32), body.vertices(stacked_smpl((SEEN,)))[0]
    )
    assert record["mesh_faces_data"] == body.faces.tolist()


def test_without_mesh_only_the_number_of_vertices_is_given(body: BodyModel) -> None:
    record = hybrid(answer(SEEN), body, mesh=False)
    assert record["mesh_vertices"] == body.number_of_vertices
    assert record["mesh_vertices_data"] is None
    assert record["mesh_faces_data"] is None


def test_cameras(body: BodyModel) -> None:
    record = hybrid(answer(SEEN), body)
    translation = [float(str(number)) for number in SEEN.camera]
    assert record["camera_translation"] == translation
    scale, tx, ty = (float(str(number)) for number in SEEN.crop_camera)
    assert record["camera_params"] == {"scale": scale, "tx": tx, "ty": ty, "type": "weak_perspective"}
    assert record["camera_full"] == {
        "tx": translation[0],
        "ty": translation[1],
        "tz": translation[2],
        "focal_length": 5000 / 256 * 1920,
        "img_width": 1920,
        "img_height": 1080,
        "type": "perspective",
    }


def test_the_detection_is_the_crop_square(body: BodyModel) -> None:
    detection = hybrid(answer(SEEN, detected=7), body)["detection"]
    assert detection == {"box_center": [140, 175], "box_size": 333.3, "vitdet_used": True, "num_persons_detected": 7}


def test_a_predicted_person_has_a_lower_confidence_and_no_detection(body: BodyModel) -> None:
    record = hybrid(answer(PREDICTED, detected=0), body)
    assert (record["has_3d"], record["state"], record["track_id"], record["error"]) == (True, "predicted", 4, None)
    assert record["tracking_confidence"] == pytest.approx(0.95**3)
    assert {point["confidence"] for point in record["keypoints"]} == {record["tracking_confidence"]}
    assert record["detection"]["vitdet_used"] is False
    assert record["detection"]["num_persons_detected"] == 0
    assert record["detection"]["box_size"] == 333.3


def test_a_seen_person_has_full_confidence(body: BodyModel) -> None:
    record = hybrid(answer(SEEN), body)
    assert (record["tracking_confidence"], record["state"], record["track_id"], record["error"]) == (
        1.0,
        "seen",
        4,
        None,
    )


@pytest.mark.parametrize(("expected", "message"), [(False, "nobody has been seen"), (True, "recently enough")])
def test_a_frame_without_people_is_an_empty_answer_with_a_reason(body: BodyModel, expected: bool, message: str) -> None:
    record = hybrid(answer(expected=expected, detected=0), body)
    assert message in record["error"]
    assert (record["keypoints"], record["keypoint_count"], record["has_3d"]) == ([], 0, False)
    assert (record["joints_3d_raw"], record["mesh_vertices_data"], record["mesh_faces_data"]) == (None, None, None)
    assert (record["mesh_vertices"], record["joint_angles_3d"], record["camera_translation"]) == (0, {}, None)
    assert record["camera_params"] == {"scale": 0, "tx": 0, "ty": 0, "type": "weak_perspective"}
    assert (record["camera_full"]["tz"], record["camera_full"]["img_width"]) == (0, 1920)
    assert record["camera_full"]["focal_length"] == 37500
    assert record["detection"] == {
        "box_center": None,
        "box_size": 0,
        "vitdet_used": False,
        "num_persons_detected": 0,
    }
    assert (record["tracking_confidence"], record["track_id"], record["state"], record["persons"]) == (
        0,
        None,
        None,
        [],
    )


def test_all_people_are_listed_in_the_shape_of_the_video_results_without_meshes(body: BodyModel) -> None:
    given = answer(tracked_person(1, 5), PREDICTED, main=1)
    expected = orjson.loads(record_bytes(frame_record(given.result)))["persons"]
    assert hybrid(given, body)["persons"] == expected
    assert [person["track_id"] for person in expected] == [1, 4]
    assert all("mesh_vertices" not in person for person in expected)


def test_the_session_is_named(body: BodyModel) -> None:
    session = hybrid(answer(SEEN, late=True), body)["session"]
    assert session == {"id": "10.0.0.7", "video": 2, "late": True, "expected": True}


def test_no_value_is_of_another_type_than_the_contract_says(body: BodyModel) -> None:
    types = {
        "frame_number": int,
        "keypoints": list,
        "keypoint_count": int,
        "has_3d": bool,
        "joint_angles_3d": dict,
        "mesh_vertices": int,
        "camera_params": dict,
        "camera_full": dict,
        "detection": dict,
        "tracking_confidence": float,
        "phalp_available": bool,
        "processing_time_ms": float,
        "model_version": str,
        "persons": list,
    }
    for given in (answer(SEEN), answer(PREDICTED), answer()):
        record = hybrid(given, body)
        assert {name: type(record[name]) for name in types} == types


def test_only_asked_fields_are_computed(body: BodyModel) -> None:
    without_mesh = tracked_person(4, 5, betas=np.full(10, np.nan, np.float32))
    with pytest.raises(ContractError, match="mesh_vertices_data"):
        hybrid(answer(without_mesh), body, fields={"mesh_vertices_data"})
    assert set(hybrid(answer(without_mesh), body, fields={"joints_3d_raw", "error"})) == {"joints_3d_raw", "error"}


@pytest.mark.parametrize("given", [answer(SEEN, PREDICTED), answer(PREDICTED), answer(), answer(expected=False)])
@pytest.mark.parametrize("mesh", [True, False])
def test_the_answers_are_as_documented(given: FrameAnswer, mesh: bool, body: BodyModel) -> None:
    for model, record in ((HybridAnswer, hybrid(given, body, mesh=mesh)), (KeypointAnswer, keypoints(given))):
        assert set(record) == model.model_fields.keys() - {"visualization"}
        model.model_validate_json(orjson.dumps(record), strict=True, extra="forbid")


def test_every_field_can_be_asked_for_alone(body: BodyModel) -> None:
    whole = hybrid(answer(SEEN), body)
    for name in HYBRID_FIELDS:
        assert hybrid(answer(SEEN), body, fields=[name]) == {name: whole[name]}


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"fields: expected some of frame_number, .*; got 'pose', 'x'"):
        checked_fields(["x", "keypoints", "pose"], HYBRID_FIELDS)


def test_no_selected_field_is_an_empty_record(body: BodyModel) -> None:
    assert hybrid(answer(SEEN), body, fields=checked_fields([], HYBRID_FIELDS)) == {}


@pytest.mark.parametrize(
    ("attribute", "shape", "message"),
    [
        ("joints_2d", (45, 2), "frame 5, keypoints: expected finite numbers, got nan"),
        ("joints_3d", (45, 3), "frame 5, keypoints"),
        ("camera", (3,), "frame 5, keypoints"),
        ("crop_camera", (3,), "frame 5, camera_params"),
    ],
)
def test_a_number_that_json_cannot_carry_is_refused(
    attribute: str, shape: tuple[int, ...], message: str, body: BodyModel
) -> None:
    changes: dict[str, Any] = {attribute: np.full(shape, np.nan, np.float32)}
    broken = tracked_person(4, 5, **changes)
    with pytest.raises(ContractError, match=message):
        hybrid(answer(broken), body)


def test_the_2d_record_has_the_keypoints_in_the_image_only() -> None:
    assert keypoints(answer(SEEN))["keypoint_count"] == 56
    record = keypoints(answer(SEEN), keypoint_set="openpose45")
    assert tuple(record) == KEYPOINT_FIELDS
    assert record["keypoint_count"] == len(record["keypoints"]) == 45
    assert {tuple(point) for point in record["keypoints"]} == {("name", "x", "y", "confidence")}
    np.testing.assert_allclose([[point["x"], point["y"]] for point in record["keypoints"]], SEEN.joints_2d, atol=6e-4)
    assert (record["frame_number"], record["frame_width"], record["error"]) == (5, 1920, None)
    assert record["session"]["id"] == "10.0.0.7"


def test_the_2d_record_of_nobody_and_of_some_fields() -> None:
    assert keypoints(answer(expected=False))["keypoints"] == []
    assert keypoints(answer(SEEN), fields={"keypoint_count"}) == {"keypoint_count": 56}
