import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_service.body.joint_angles import JOINT_ANGLE_NAMES, joint_angles, spine_angle
from tracker_service.body.joints import JOINT_INDEX, SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.phalp.rotations import rotation_matrices
from tracker_service.types import Float32, Smpl

FACING_THE_CAMERA = (np.pi, 0.0, 0.0)


def angles_of(body: BodyModel, **turned: tuple[float, float, float]) -> dict[str, float]:
    """Angles of a body in the T-pose with some joints turned by rotation vectors."""
    vectors = np.zeros((1, 24, 3))
    vectors[0, 0] = FACING_THE_CAMERA
    for name, vector in turned.items():
        vectors[0, SMPL_JOINT_NAMES.index(name)] = vector
    rotations = rotation_matrices(vectors).astype(np.float32)
    smpl = Smpl(rotations[:, :1], rotations[:, 1:], np.zeros((1, 10), np.float32))
    joints = np.concatenate([body.joints(smpl)[0], np.zeros((1, 3), np.float32)])
    return joint_angles(joints, smpl.body_pose[0])


def identity_pose() -> Float32:
    return np.tile(np.eye(3, dtype=np.float32), (23, 1, 1))


def test_every_joint_has_its_angle() -> None:
    joints = ("knee", "hip", "ankle", "elbow", "shoulder", "wrist")
    sided = [f"{side}_{joint}" for joint in joints for side in ("left", "right")]
    assert set(JOINT_ANGLE_NAMES) == {*sided, "neck", "trunk"}


def test_a_t_pose_has_straight_limbs_and_arms_at_right_angles(standin_body: BodyModel) -> None:
    angles = angles_of(standin_body)
    for name in ("knee", "hip", "elbow", "wrist"):
        assert angles[f"left_{name}"] == pytest.approx(angles[f"right_{name}"], abs=3)
        assert angles[f"left_{name}"] > 155
    assert angles["left_shoulder"] == pytest.approx(90, abs=20)
    assert angles["neck"] > 150
    assert angles["trunk"] < 10


@pytest.mark.parametrize(
    ("joint", "turn", "angle"),
    [
        ("left_knee", (np.pi / 2, 0, 0), "left_knee"),
        ("right_knee", (np.pi / 2, 0, 0), "right_knee"),
        ("left_hip", (-np.pi / 2, 0, 0), "left_hip"),
        ("right_elbow", (0, np.pi / 2, 0), "right_elbow"),
        ("left_wrist", (0, 0, np.pi / 2), "left_wrist"),
        ("right_wrist", (np.pi / 2, 0, 0), "right_wrist"),
    ],
)
def test_bending_a_joint_by_90_degrees_takes_90_off_its_angle_and_no_other_of_that_kind(
    joint: str, turn: tuple[float, float, float], angle: str, standin_body: BodyModel
) -> None:
    before, after = angles_of(standin_body), angles_of(standin_body, **{joint: turn})
    assert before[angle] - after[angle] == pytest.approx(90, abs=25)
    side, kind = angle.split("_")
    other = f"{'right' if side == 'left' else 'left'}_{kind}"
    assert after[other] == pytest.approx(before[other], abs=1)


def test_lowering_an_arm_closes_the_shoulder(standin_body: BodyModel) -> None:
    assert angles_of(standin_body, left_shoulder=(0, 0, -1.3))["left_shoulder"] < 35


def test_a_lying_body_has_a_level_trunk(standin_body: BodyModel) -> None:
    assert angles_of(standin_body, pelvis=(np.pi / 2, 0, 0))["trunk"] == pytest.approx(90, abs=10)


def test_joints_in_one_point_have_finite_angles() -> None:
    angles = joint_angles(np.zeros((45, 3), np.float32), identity_pose())
    assert angles["left_knee"] == 90
    assert angles["left_wrist"] == 180


@given(st.integers(0, 10**6))
def test_angles_lie_between_0_and_180_and_do_not_depend_on_place_or_scale(seed: int) -> None:
    random = np.random.default_rng(seed)
    joints = random.normal(size=(45, 3)).astype(np.float32)
    angles = joint_angles(joints, identity_pose())
    assert all(0 <= angle <= 180 for angle in angles.values())
    moved = joint_angles(2 * joints + np.float32(3), identity_pose())
    assert list(moved.values()) == pytest.approx(list(angles.values()), abs=0.1)


def test_a_right_angle_is_90_degrees() -> None:
    joints = np.zeros((45, 3), np.float32)
    joints[JOINT_INDEX["left_hip"]] = (0, -0.4, 0)
    joints[JOINT_INDEX["left_ankle"]] = (0, 0, 0.4)
    assert joint_angles(joints, identity_pose())["left_knee"] == pytest.approx(90)


@pytest.mark.parametrize(
    ("pelvis", "neck", "angle"),
    [((0, 0.3, 0), (0, -0.3, 0), 180), ((0, 0.3, 0), (0, 0, -0.3), 90), ((0.3, 0, 0), (0.2, -0.2, 0), 45)],
)
def test_the_spine_is_bent_at_spine2(pelvis: tuple[float, ...], neck: tuple[float, ...], angle: float) -> None:
    joints = np.zeros((24, 3), np.float32)
    joints[SMPL_JOINT_NAMES.index("pelvis")] = pelvis
    joints[SMPL_JOINT_NAMES.index("neck")] = neck
    assert spine_angle(joints) == pytest.approx(angle, abs=1e-3)
