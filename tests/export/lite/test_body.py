"""The stand-in body file: the layout others read, and that its points lie where they should."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.body import skeleton as body
from export.lite.body.extra_joints import extra_joint_places
from export.lite.body.landmarks import landmark_targets
from export.lite.hmr.tables import BodyTables
from tests.export.lite.poses import random_pose, sight_of

BODY = Path(__file__).resolve().parents[3] / "model_repository" / "hmr_lite" / "body_model.npz"
V, F = 6890, 13776


@pytest.fixture(scope="module")
def arrays() -> dict[str, NDArray[np.float32]]:
    with np.load(BODY, allow_pickle=False) as file:
        return dict(file)


@pytest.mark.parametrize(
    ("name", "shape", "kind"),
    [
        ("v_template", (V, 3), np.float32),
        ("shapedirs", (V, 3, 10), np.float32),
        ("posedirs", (0, 0), np.float32),
        ("J_regressor", (24, V), np.float32),
        ("lbs_weights", (V, 24), np.float32),
        ("faces", (F, 3), np.int32),
        ("parents", (24,), np.int64),
        ("extra_vertices", (21,), np.int64),
        ("joint_map", (25,), np.int64),
        ("joint_regressor_extra", (19, V), np.float32),
    ],
)
def test_layout(arrays: dict[str, NDArray[np.float32]], name: str, shape: tuple[int, ...], kind: type) -> None:
    assert arrays[name].shape == shape
    assert arrays[name].dtype == kind
    assert np.isfinite(arrays[name]).all()


@pytest.mark.parametrize(("name", "axis"), [("lbs_weights", 1), ("J_regressor", 1), ("joint_regressor_extra", 1)])
def test_weights_are_means(arrays: dict[str, NDArray[np.float32]], name: str, axis: int) -> None:
    assert (arrays[name] >= 0).all()
    np.testing.assert_allclose(arrays[name].sum(axis=axis), 1.0, atol=1e-5)


def test_stands_upright_as_smpl_does(arrays: dict[str, NDArray[np.float32]]) -> None:
    joints = arrays["J_regressor"] @ arrays["v_template"]
    assert joints[body.HEAD, 1] > joints[body.PELVIS, 1] > joints[body.LEFT_ANKLE, 1], "y up"
    assert joints[body.LEFT_WRIST, 0] > joints[body.RIGHT_WRIST, 0], "left is +x"
    assert joints[body.LEFT_FOOT, 2] > joints[body.LEFT_ANKLE, 2], "faces +z"
    arms = joints[[body.LEFT_SHOULDER, body.LEFT_ELBOW, body.LEFT_WRIST], 1]
    assert np.ptp(arms) < 0.02, "arms level"
    assert 1.6 < np.ptp(arrays["v_template"][:, 1]) < 1.95, "as tall as an adult"


def test_picked_vertices_lie_on_face_feet_and_fingertips(arrays: dict[str, NDArray[np.float32]]) -> None:
    picked = arrays["v_template"][arrays["extra_vertices"].astype(np.int64)]
    assert np.linalg.norm(picked - landmark_targets(), axis=1).max() < 0.015
    assert (picked[[2, 4, 5, 6, 7, 11, 12, 13, 14, 15], 0] > 0).all(), "left"
    assert (picked[[1, 3, 8, 9, 10, 16, 17, 18, 19, 20], 0] < 0).all(), "right"
    vertices = arrays["v_template"]
    assert picked[0, 2] > vertices[vertices[:, 1] > 0.6, 2].max() - 0.002, "the nose is the front of the head"
    assert picked[5, 2] > vertices[(vertices[:, 1] < -0.9) & (vertices[:, 0] > 0), 2].max() - 0.01, "big toe in front"
    assert picked[7, 2] < vertices[vertices[:, 1] < -0.96, 2].min() + 0.012, "heel behind"
    assert picked[13, 0] > vertices[:, 0].max() - 0.005, "middle fingertip outermost"


def test_extra_joints_lie_at_their_places(arrays: dict[str, NDArray[np.float32]]) -> None:
    joints = arrays["J_regressor"] @ arrays["v_template"]
    places, _ = extra_joint_places(joints)
    assert np.linalg.norm(arrays["joint_regressor_extra"] @ arrays["v_template"] - places, axis=1).max() < 0.005


def test_extra_joints_follow_the_skeleton_when_the_body_moves(tables: BodyTables) -> None:
    same = {11: 25, 10: 26, 9: 27, 12: 28, 13: 29, 14: 30, 4: 31, 3: 32, 2: 33, 5: 34, 6: 35, 7: 36}
    distances = []
    for seed in range(20):
        sight = sight_of(random_pose(np.random.default_rng(seed)), tables)
        rotations, joints = sight.rotations, sight.joints
        offsets = joints - np.einsum("jab,jb->ja", rotations, tables.joints)
        transforms = np.concatenate([rotations.transpose(0, 2, 1), offsets[:, None]], axis=1).reshape(96, 3)
        posed = tables.joint_transforms.T @ transforms
        distances.append(np.linalg.norm(posed[list(same)] - posed[list(same.values())], axis=1))
    assert np.mean(distances) < 0.004
    assert np.max(distances) < 0.015
