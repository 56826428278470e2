from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.body.synthetic_body import synthetic_body
from tests.people.golden import golden
from tracker_service.body.model import BodyModel
from tracker_service.errors import ContractError
from tracker_service.people.boxes import squares
from tracker_service.people.estimates import BodyEstimates
from tracker_service.people.features import build_people
from tracker_service.people.gates import Gates
from tracker_service.types import Bool, Detections, People, Smpl

PHALP_GATES = Gates(low_th_c=0.8, small_w=50, small_h=100)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return synthetic_body(9101)


@pytest.fixture(scope="module", params=[0, 1, 2], ids=["landscape", "portrait", "small"])
def record(request: pytest.FixtureRequest) -> dict[str, NDArray[Any]]:
    prefix = f"frame{request.param}_"
    return {name.removeprefix(prefix): array for name, array in golden("features").items() if name.startswith(prefix)}


def frame_size(record: dict[str, NDArray[Any]]) -> tuple[int, int]:
    height, width = record["image_hw"].tolist()
    return width, height


def passed(detections: Detections, record: dict[str, NDArray[Any]]) -> Bool:
    size = frame_size(record)
    return ~PHALP_GATES.too_low(detections) & ~PHALP_GATES.too_small(detections, size)


def people_of(record: dict[str, NDArray[Any]], body: BodyModel) -> People:
    detections = Detections(record["box_xyxy"], record["score"])
    kept = detections.take(passed(detections, record))
    smpl = Smpl(record["global_orient"], record["body_pose"], record["betas"])
    hmr = BodyEstimates(smpl, record["pred_cam"], body.joints(smpl), np.ones(len(smpl), np.float32))
    return build_people(kept, squares(kept.boxes), hmr, frame_size(record), np.zeros((len(kept), 4), np.float32))


def test_the_boxes_that_phalp_keeps_are_kept(record: dict[str, NDArray[Any]]) -> None:
    detections = Detections(record["box_xyxy"], record["score"])
    assert np.flatnonzero(passed(detections, record)).tolist() == record["kept_index"].tolist()
    assert PHALP_GATES.too_small(detections, frame_size(record)).sum() == 2


def test_squares_are_those_of_the_padded_boxes(record: dict[str, NDArray[Any]]) -> None:
    corners = record["padded_xyxy"].reshape(-1, 2, 2)
    regions = squares(record["box_xyxy"])
    np.testing.assert_allclose(regions.centers, corners.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(regions.sides, np.ptp(corners, axis=1).max(axis=1), rtol=1e-5)


def test_features_are_those_of_the_reference(record: dict[str, NDArray[Any]], body: BodyModel) -> None:
    people = people_of(record, body)
    corners = people.detections.boxes
    longer = max(frame_size(record))
    actual = {
        "bbox": np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1),
        "conf": people.detections.scores,
        "pose": people.pose,
        "loca": people.location,
        "center": people.squares.centers,
        "camera": people.cameras,
        "camera_bbox": people.crop_cameras,
        "3d_joints": people.joints_3d,
        "2d_joints": people.location[:, :90],
        "scale": people.squares.sides / longer,
    }
    for name, values in actual.items():
        np.testing.assert_allclose(values, record[f"out_{name}"], rtol=1e-5, atol=1e-5, err_msg=name)


def test_joints_in_pixels_are_the_location_without_the_padding(
    record: dict[str, NDArray[Any]], body: BodyModel
) -> None:
    people = people_of(record, body)
    size = np.array(frame_size(record))
    uv = record["out_2d_joints"].reshape(-1, 45, 2)
    expected = uv * size.max() - (size.max() - size) // 2
    np.testing.assert_allclose(people.joints_2d, expected, rtol=1e-5, atol=0.02)


@pytest.mark.parametrize("size", [(640, 480), (641, 480), (480, 641)])
def test_who_stands_in_the_middle_of_the_frame_is_in_the_middle_of_the_padded_square(
    size: tuple[int, int], body: BodyModel
) -> None:
    width, height = size
    box = np.array([[width / 2 - 40, height / 2 - 100, width / 2 + 40, height / 2 + 100]], np.float32)
    unturned = np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1))
    smpl = Smpl(unturned[:, :1], unturned[:, 1:], np.zeros((1, 10), np.float32))
    camera = np.array([[0.9, 0, 0]], np.float32)
    hmr = BodyEstimates(smpl, camera, body.joints(smpl), np.ones(1, np.float32))
    one = Detections(box, np.ones(1, np.float32))
    people = build_people(one, squares(box), hmr, size, np.zeros((1, 4), np.float32))
    np.testing.assert_allclose(people.location[0, 88:90], 0.5, rtol=0, atol=1e-6)


def test_without_given_ids_nobody_has_one(record: dict[str, NDArray[Any]], body: BodyModel) -> None:
    people = people_of(record, body)
    assert (people.identities == -1).all()
    assert not people.annotated.any()


def test_an_empty_frame_has_no_people() -> None:
    nobody = Detections.empty()
    people = build_people(
        nobody, squares(nobody.boxes), BodyEstimates.empty(), (640, 480), np.zeros((0, 4), np.float32)
    )
    assert len(people) == 0
    assert people.pose.shape == (0, 229)


def test_rows_that_do_not_belong_together_are_refused() -> None:
    detections = Detections(np.array([[0, 0, 10, 20]], np.float32), np.ones(1, np.float32))
    with pytest.raises(ContractError, match="People"):
        build_people(
            detections, squares(detections.boxes), BodyEstimates.empty(), (640, 480), np.zeros((1, 4), np.float32)
        )
