from dataclasses import asdict
from typing import Any

import numpy as np
import orjson
import pytest

from tests.body.rigid_body import rigid_body
from tests.results.frames import frame_result, tracked_person
from tracker_service.errors import ContractError
from tracker_service.results.person_json import frame_bytes
from tracker_service.types import DroppedDetections


def shape(value: Any) -> tuple[int, ...]:
    return np.asarray(value).shape


def test_frame_has_the_fields_of_the_contract_and_the_additive_ones() -> None:
    result = frame_result(7, tracked_person(3, 7), shot=True, dropped=DroppedDetections(1, 2, 3))

    frame = orjson.loads(frame_bytes(result))

    assert {name: frame[name] for name in frame if name != "persons"} == {
        "frame_number": 7,
        "timestamp": 0.28,
        "frame_width": 1920,
        "frame_height": 1080,
        "shot": True,
        "dropped": asdict(DroppedDetections(1, 2, 3)),
        "camera_motion": None,
        "calibration": None,
    }


def test_person_has_the_fields_and_shapes_of_the_contract() -> None:
    person = orjson.loads(frame_bytes(frame_result(0, tracked_person(3))))["persons"][0]

    assert set(person) == {
        *("track_id", "state", "age", "found_by", "confidence", "tracking_confidence", "bbox", "smpl"),
        *("keypoints_3d", "keypoints_2d", "camera", "camera_crop"),
    }
    assert (person["track_id"], person["state"], person["age"]) == (3, "seen", 0)
    assert (person["confidence"], person["tracking_confidence"]) == (0.87, 1.0)
    assert person["bbox"] == [220, 170, 80.25, 250]
    assert set(person["smpl"]) == {"betas", "body_pose", "global_orient"}
    assert shape(person["smpl"]["betas"]) == (10,)
    assert shape(person["smpl"]["body_pose"]) == (23, 3, 3)
    assert shape(person["smpl"]["global_orient"]) == (1, 3, 3)
    assert shape(person["keypoints_3d"]) == (45, 3)
    assert shape(person["keypoints_2d"]) == (45, 2)
    assert set(person["camera"]) == {"tx", "ty", "tz"}
    assert set(person["camera_crop"]) == {"scale", "tx", "ty"}


def test_numbers_come_back_as_the_same_float32() -> None:
    person = tracked_person()

    record = orjson.loads(frame_bytes(frame_result(0, person)))["persons"][0]

    np.testing.assert_array_equal(np.array(record["keypoints_2d"], np.float32), person.joints_2d)
    np.testing.assert_array_equal(np.array(record["smpl"]["body_pose"], np.float32), person.body_pose)
    np.testing.assert_array_equal(np.array(list(record["camera"].values()), np.float32), person.camera)


def test_predicted_person_keeps_its_confidence_below_one() -> None:
    person = tracked_person(age=1, tracking_confidence=1 - 1e-12)

    record = orjson.loads(frame_bytes(frame_result(0, person)))["persons"][0]

    assert record["tracking_confidence"] < 1
    assert (record["state"], record["age"]) == ("predicted", 1)


def test_arrays_in_column_order_are_written_in_row_order() -> None:
    joints = np.asfortranarray(np.arange(135, dtype=np.float32).reshape(45, 3))

    record = orjson.loads(frame_bytes(frame_result(0, tracked_person(joints_3d=joints))))["persons"][0]

    assert record["keypoints_3d"][0] == [0, 1, 2]


def test_mesh_goes_to_the_person_whose_body_it_is() -> None:
    persons = tracked_person(1), tracked_person(2)

    records = orjson.loads(frame_bytes(frame_result(0, *persons), rigid_body([(1, 0, 0)])))["persons"]

    for person, record in zip(persons, records, strict=True):
        np.testing.assert_allclose(record["mesh_vertices"], [person.global_orient[0, :, 0]], rtol=1e-6)


def test_frame_without_people_has_no_mesh() -> None:
    assert orjson.loads(frame_bytes(frame_result(0), rigid_body([(1, 0, 0)])))["persons"] == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("joints_3d", np.full((45, 3), np.nan), "track 1, keypoints_3d: expected finite numbers, got nan"),
        ("joints_2d", np.full((45, 2), -np.inf), "track 1, keypoints_2d: expected finite numbers, got -inf"),
        ("betas", np.full(10, np.nan), "track 1, smpl.betas"),
        ("body_pose", np.full((23, 3, 3), np.nan), "track 1, smpl.body_pose"),
        ("global_orient", np.full((1, 3, 3), np.nan), "track 1, smpl.global_orient"),
        ("camera", np.full(3, np.nan), "track 1, camera:"),
        ("crop_camera", np.full(3, np.nan), "track 1, camera_crop"),
        ("box", np.full(4, np.nan), "track 1, bbox"),
        ("score", float("nan"), "track 1, confidence"),
        ("tracking_confidence", float("inf"), "track 1, tracking_confidence: expected a finite number, got inf"),
    ],
)
def test_number_that_json_cannot_carry_is_refused_by_name(field: str, value: Any, message: str) -> None:
    with pytest.raises(ContractError, match=f"frame 0, {message}"):
        frame_bytes(frame_result(0, tracked_person(**{field: value})))


def test_timestamp_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ContractError, match="frame 0, timestamp"):
        frame_bytes(frame_result(0, timestamp=float("nan")))
