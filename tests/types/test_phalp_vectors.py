"""The layout of PHALP's vectors, as published: upstream's own code addresses these numbers."""

import numpy as np

from tracker_service.types import Float32, Smpl
from tracker_service.types import phalp_vectors as vectors


def test_places_are_those_that_upstream_addresses() -> None:
    assert (vectors.POSE_SIZE, vectors.LOCATION_SIZE) == (229, 99)
    assert slice(0, 216) == vectors.POSE_ROTATIONS
    assert slice(216, 226) == vectors.POSE_BETAS
    assert slice(226, 229) == vectors.POSE_CAMERA
    assert slice(88, 90) == vectors.LOCATION_POSITION
    assert slice(90, 93) == vectors.LOCATION_CAMERA
    assert slice(93, 96) == vectors.LOCATION_SPREAD
    assert vectors.LOCATION_SERIES.tolist() == [88, 89, 92]


def test_pose_vector_holds_rotations_shape_and_camera_in_this_order() -> None:
    orient, body, betas = numbered(2, 1, 3, 3), numbered(2, 23, 3, 3), numbered(2, 10)
    cameras = np.array([[1, 2, 400], [3, 4, 600]], np.float32)
    pose = vectors.pose_vectors(Smpl(orient, body, betas), cameras)
    np.testing.assert_array_equal(pose[:, :9], orient.reshape(2, 9))
    np.testing.assert_array_equal(pose[:, 9:216], body.reshape(2, 207))
    np.testing.assert_array_equal(pose[:, 216:226], betas)
    np.testing.assert_array_equal(pose[:, 226:], [[1, 2, 2], [3, 4, 3]])


def test_bodies_come_back_out_of_their_pose_vectors() -> None:
    smpl = Smpl(numbered(3, 1, 3, 3), numbered(3, 23, 3, 3), numbered(3, 10))
    back = vectors.smpl_of(vectors.pose_vectors(smpl, numbered(3, 3)))
    for name in ("global_orient", "body_pose", "betas"):
        np.testing.assert_array_equal(getattr(back, name), getattr(smpl, name))


def test_nobody_has_empty_vectors() -> None:
    nobody = vectors.smpl_of(np.zeros((0, 229), np.float32))
    cameras = np.zeros((0, 3), np.float32)
    assert vectors.pose_vectors(nobody, cameras).shape == (0, 229)
    assert vectors.location_vectors(np.zeros((0, 45, 2), np.float32), cameras).shape == (0, 99)


def test_location_vector_holds_the_joints_and_three_times_the_camera() -> None:
    joints, cameras = numbered(2, 45, 2), numbered(2, 3)
    location = vectors.location_vectors(joints, cameras)
    np.testing.assert_array_equal(location[:, :90], joints.reshape(2, 90))
    np.testing.assert_array_equal(location[:, 90:], np.tile(cameras, 3))


def numbered(*shape: int) -> Float32:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
