"""Bodies that a model sees from the picture's camera, in the axes of their crops and back."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from tests.export.golden import golden
from tests.results.frames import tracked_person
from tracker_service.body.camera_space import in_camera
from tracker_service.errors import ContractError
from tracker_service.people.boxes import squares
from tracker_service.people.cameras import crop_cameras, frame_cameras
from tracker_service.people.crops import crop, crop_to_source
from tracker_service.people.estimates import BodyEstimates
from tracker_service.people.perspective import crop_places, full_translations, in_crop_axes
from tracker_service.types import Float64, Smpl, Squares
from tracker_service.types.calibration import Calibration, FocalLength, FocalSource, aimed

_PELVIS = 8
_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def test_plain_squares_and_places_are_those_of_camerahmr() -> None:
    numbers = golden("camerahmr_small")
    regions = squares(numbers["table_box_xyxy"], aspect=None)
    assert_allclose(regions.centers, numbers["table_box_center"], atol=1e-4)
    assert_allclose(regions.sides, numbers["table_box_size"], rtol=1e-6)
    for row, ((height, width), focal) in enumerate(zip(numbers["table_image_hw"], numbers["table_focal"], strict=True)):
        camera = Calibration(float(focal), FocalSource.GIVEN, int(width), int(height))
        place = crop_places(regions.take(np.array([row])), camera)
        assert_allclose(place[0], numbers["table_bbox_info"][row], atol=1e-6)


def test_crops_cover_what_those_of_camerahmr_cover() -> None:
    numbers = golden("camerahmr_small")
    to_source = crop_to_source(squares(numbers["table_box_xyxy"], aspect=None))
    for ours, theirs in zip(to_source, numbers["table_affine_2x3"], strict=True):
        both = np.vstack([theirs, [0, 0, 1]]) @ np.vstack([ours, [0, 0, 1]])
        assert_allclose(both, np.eye(3), atol=5e-3)


def test_crops_are_rgb_and_black_outside_as_in_its_evaluation() -> None:
    numbers = golden("camerahmr_small")
    image = np.ascontiguousarray(numbers["crop_image_bgr"][..., ::-1])
    crops = crop(image, squares(numbers["crop_box_xyxy"], aspect=None))
    rows, columns = numbers["crop_probe_rc"].T
    got = ((crops[:, rows, columns] / 255 - _MEAN) / _DEVIATION).transpose(0, 2, 1)
    assert np.abs(got - numbers["crop_probe_normalised_rgb"]).max() < 0.04  # two grey levels: fixed point and rounding


def test_people_stand_where_camerahmr_puts_them() -> None:
    numbers = golden("camerahmr_small")
    got = full_translations(numbers["table_pred_cam"], numbers["table_bbox_info"])
    assert_allclose(got, numbers["table_cam_t"], rtol=1e-5, atol=1e-6)


def test_fields_of_view_are_focal_lengths_as_in_camerahmr() -> None:
    numbers = golden("camerahmr_small")
    for (height, width), angle, (focal, _, x, y) in zip(
        numbers["fov_image_hw"], numbers["fov_vfov"], numbers["fov_fx_fy_cx_cy"], strict=True
    ):
        seen = FocalLength(FocalSource.ESTIMATED, field_of_view=float(np.degrees(angle)))
        camera = seen.in_frame((int(width), int(height)))
        assert camera.focal_length == pytest.approx(focal, rel=1e-5)
        assert (camera.width / 2, camera.height / 2) == (x, y)


def _estimates(random: np.random.Generator, regions: Squares, camera: Calibration) -> BodyEstimates:
    n = len(regions)
    turns = Rotation.random(24 * n, random_state=3).as_matrix().reshape(n, 24, 3, 3).astype(np.float32)
    cameras = np.column_stack([random.uniform(0.7, 1.1, n), random.uniform(-0.1, 0.1, (n, 2))]).astype(np.float32)
    joints = random.normal(scale=0.3, size=(n, 44, 3)).astype(np.float32)
    smpl = Smpl(turns[:, :1], turns[:, 1:], random.normal(size=(n, 10)).astype(np.float32))
    assert camera.width > 0
    return BodyEstimates(smpl, cameras, joints, np.ones(n, np.float32), vertices=joints[:, :20])


def _pixels(points: Float64, camera: Calibration) -> Float64:
    across = camera.focal_length * points[..., :2] / points[..., 2:]
    return np.asarray(across + np.array([camera.width, camera.height]) / 2, np.float64)


def test_a_body_in_the_axes_of_its_crop_and_back_is_the_same_body_in_the_same_place() -> None:
    random, camera = np.random.default_rng(0), Calibration(1500, FocalSource.GIVEN, 1920, 1080)
    boxes = np.array([[900, 300, 1100, 800], [10, 20, 300, 900], [1500, 600, 1900, 1000]], np.float32)
    regions = squares(boxes, aspect=None)
    seen = _estimates(random, regions, camera)
    placed = seen.joints_3d + full_translations(seen.crop_cameras, crop_places(regions, camera))[:, None]
    own = in_crop_axes(seen, regions, camera)
    cameras = frame_cameras(own.crop_cameras, regions, (1920, 1080))
    assert_allclose(crop_cameras(cameras, regions, (1920, 1080)), own.crop_cameras, atol=1e-5)
    for row in range(len(boxes)):
        joints = np.concatenate([own.joints_3d[row], np.zeros((1, 3), np.float32)])
        one = tracked_person(joints_3d=joints, camera=cameras[row], global_orient=own.smpl.global_orient[row])
        back = in_camera(one, camera)
        assert_allclose(back.global_orient, seen.smpl.global_orient[row], atol=1e-5)
        expected = placed[row, _PELVIS] - seen.joints_3d[row, _PELVIS]
        assert_allclose(back.translation, expected, rtol=1e-4, atol=1e-4)
    assert_allclose(own.joints_3d[:, _PELVIS], seen.joints_3d[:, _PELVIS], atol=1e-6)
    assert own.vertices is not None
    assert_allclose(own.vertices, own.joints_3d[:, :20], atol=1e-6)
    assert not np.allclose(own.joints_3d[1], seen.joints_3d[1], atol=0.05)  # at the border it is turned


def test_nobody_stays_nobody() -> None:
    camera = Calibration(1500, FocalSource.GIVEN, 1920, 1080)
    nobody = Squares(np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32))
    assert len(in_crop_axes(BodyEstimates.empty(), nobody, camera)) == 0


def test_aiming_is_the_shortest_rotation_to_the_ray() -> None:
    rays = np.random.default_rng(1).normal(size=(20, 3)) * [1, 1, 0.2] + [0, 0, 1.5]
    turns = aimed(rays)
    assert_allclose(turns @ turns.swapaxes(1, 2), np.broadcast_to(np.eye(3), (20, 3, 3)), atol=1e-12)
    unit = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    assert_allclose(turns[:, :, 2], unit, atol=1e-12)
    angles = Rotation.from_matrix(turns).magnitude()
    assert_allclose(angles, np.arccos(unit[:, 2]), atol=1e-9)


@pytest.mark.parametrize("values", [{}, {"pixels": 1.0, "field_of_view": 1.0}])
def test_a_focal_length_is_given_one_way(values: dict[str, float]) -> None:
    with pytest.raises(ContractError, match="got both or neither"):
        FocalLength(FocalSource.GIVEN, **values)
    with pytest.raises(ContractError, match="pixels above 0, got 0"):
        Calibration(0, FocalSource.GIVEN, 1, 1)
