import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tests.body.synthetic_body import JOINT_MAP, PARENTS, synthetic_arrays
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.body.model import BodyModel
from tracker_service.errors import ModelContractError, ModelNotFoundError
from tracker_service.types import Float32, Smpl
from tracker_service.types.phalp_vectors import TRUNK_JOINTS

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "people" / "smpl.npz"
V = 60


def small_arrays(seed: int = 0, *, pose_blend_shapes: bool = True) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(seed)
    weights = random.random((V, 24)) ** 8
    regressor, extra = random.random((24, V)), random.random((19, V))
    return {
        "v_template": random.normal(size=(V, 3)).astype(np.float32),
        "shapedirs": random.normal(scale=0.02, size=(V, 3, 10)).astype(np.float32),
        "posedirs": random.normal(scale=0.01, size=(207, 3 * V)).astype(np.float32)
        if pose_blend_shapes
        else np.zeros((0, 0), np.float32),
        "J_regressor": (regressor / regressor.sum(1, keepdims=True)).astype(np.float32),
        "lbs_weights": (weights / weights.sum(1, keepdims=True)).astype(np.float32),
        "faces": random.integers(0, V, (30, 3)).astype(np.int32),
        "parents": np.array(PARENTS),
        "extra_vertices": random.integers(0, V, 21),
        "joint_map": np.array(JOINT_MAP),
        "joint_regressor_extra": (extra / extra.sum(1, keepdims=True)).astype(np.float32),
    }


def save(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def poses(n: int, seed: int = 0) -> Smpl:
    rotations = Rotation.random(24 * n, random_state=seed).as_matrix().reshape(n, 24, 3, 3).astype(np.float32)
    betas = np.random.default_rng(seed).normal(size=(n, 10)).astype(np.float32)
    return Smpl(rotations[:, :1], rotations[:, 1:], betas)


def upright(n: int = 1) -> Smpl:
    identity = np.tile(np.eye(3, dtype=np.float32), (n, 24, 1, 1))
    return Smpl(identity[:, :1], identity[:, 1:], np.zeros((n, 10), np.float32))


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[Any]]:
    with np.load(GOLDEN, allow_pickle=False) as archive:
        return dict(archive)


def golden_poses(golden: dict[str, NDArray[Any]]) -> Smpl:
    return Smpl(golden["global_orient"], golden["body_pose"], golden["betas"])


def test_the_synthetic_body_is_the_one_of_the_recipe(golden: dict[str, NDArray[Any]]) -> None:
    arrays = synthetic_arrays(int(golden["body_seed"]))
    first_poses = arrays["posedirs"][:4, 0]
    np.testing.assert_allclose(first_poses, golden["recipe_posedirs_head"], rtol=1e-6)
    digests = dict(zip(golden["recipe_sha256_names"], golden["recipe_sha256"], strict=True))
    for name in ("v_template", "shapedirs", "J_regressor", "joint_regressor_extra"):
        assert hashlib.sha256(arrays[name].astype("<f4").tobytes()).hexdigest() == digests[name]


def test_joints_match_the_reference(golden: dict[str, NDArray[Any]], golden_body: BodyModel) -> None:
    np.testing.assert_allclose(golden_body.joints(golden_poses(golden)), golden["joints44"], rtol=0, atol=2e-6)


def test_vertices_match_the_reference(golden: dict[str, NDArray[Any]], golden_body: BodyModel) -> None:
    vertices = golden_body.vertices(golden_poses(golden))
    np.testing.assert_allclose(vertices[:, golden["vertex_index"]], golden["vertices"], rtol=0, atol=2e-6)
    np.testing.assert_allclose(vertices.mean(axis=1), golden["vertices_mean"], rtol=0, atol=2e-6)


def joints_from_surface(body: BodyModel, smpl: Smpl) -> Float32:
    """The vertex-picked and regressed joints, taken from the whole posed surface."""
    surface = body.vertices(smpl)
    picked = surface[:, body.extra_vertices][:, body.joint_map[body.joint_map >= 24] - 24]
    return np.concatenate([picked, body.joint_regressor_extra @ surface], axis=1)


@pytest.mark.parametrize("pose_blend_shapes", [False, True])
def test_joints_without_the_surface_are_those_of_the_surface(pose_blend_shapes: bool) -> None:
    body = BodyModel.from_arrays(small_arrays(pose_blend_shapes=pose_blend_shapes))
    smpl = poses(3)
    joints = body.joints(smpl)
    on_surface = np.concatenate([joints[:, :25][:, body.joint_map >= 24], joints[:, 25:]], axis=1)
    np.testing.assert_allclose(on_surface, joints_from_surface(body, smpl), rtol=0, atol=2e-5)


def test_the_rest_pose_shows_the_template() -> None:
    body = BodyModel.from_arrays(small_arrays())
    np.testing.assert_allclose(body.vertices(upright())[0], body.v_template, rtol=0, atol=1e-6)


def test_the_global_rotation_turns_the_body_about_its_pelvis() -> None:
    body = BodyModel.from_arrays(small_arrays())
    smpl = poses(1)
    turn = Rotation.from_euler("z", 40, degrees=True).as_matrix().astype(np.float32)
    turned = Smpl(turn @ smpl.global_orient, smpl.body_pose, smpl.betas)
    joints, pelvis = body.joints(smpl), body.joints(smpl)[:, JOINT_INDEX["mid_hip"]]
    expected = (joints - pelvis[:, None]) @ turn.T + pelvis[:, None]
    np.testing.assert_allclose(body.joints(turned), expected, rtol=0, atol=1e-5)


def test_bodies_of_one_batch_do_not_influence_each_other() -> None:
    body = BodyModel.from_arrays(small_arrays())
    smpl = poses(4)
    last = smpl.take(np.array([3]))
    np.testing.assert_allclose(body.joints(smpl)[3:], body.joints(last), rtol=0, atol=1e-6)
    np.testing.assert_allclose(body.vertices(smpl)[3:], body.vertices(last), rtol=0, atol=1e-6)


@pytest.mark.parametrize("on_the_surface", [False, True])
def test_the_trunk_is_that_of_the_joints(on_the_surface: bool) -> None:
    arrays = small_arrays()
    arrays["joint_map"][list(TRUNK_JOINTS)] = [17, 16, 2, 24 if on_the_surface else 1]
    body, smpl = BodyModel.from_arrays(arrays), poses(3)
    np.testing.assert_allclose(body.trunk(smpl), body.joints(smpl)[:, TRUNK_JOINTS], rtol=0, atol=1e-6)


def test_nobody_gives_empty_arrays() -> None:
    body = BodyModel.from_arrays(small_arrays())
    nobody = upright(0)
    assert body.joints(nobody).shape == (0, 44, 3)
    assert body.vertices(nobody).shape == (0, V, 3)


def test_results_are_float32(standin_body: BodyModel) -> None:
    assert standin_body.joints(upright()).dtype == np.float32
    assert standin_body.vertices(upright()).dtype == np.float32


def test_the_standin_body_stands_with_the_head_above_the_feet(standin_body: BodyModel) -> None:
    joints = standin_body.joints(upright())[0]
    height = {name: joints[JOINT_INDEX[name], 1] for name in ("nose", "mid_hip", "left_ankle", "right_heel")}
    assert height["nose"] > height["mid_hip"] > height["left_ankle"] > height["right_heel"]
    assert joints[JOINT_INDEX["left_wrist"], 0] > 0 > joints[JOINT_INDEX["right_wrist"], 0]
    assert standin_body.number_of_vertices == 6890


def test_a_saved_model_is_loaded(tmp_path: Path) -> None:
    arrays = small_arrays()
    save(tmp_path / "body_model.npz", arrays)
    loaded = BodyModel.load(tmp_path / "body_model.npz")
    np.testing.assert_array_equal(loaded.v_template, arrays["v_template"])
    assert not loaded.v_template.flags.writeable


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"nowhere\.npz"):
        BodyModel.load(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("content", [b"", b"not a zip file at all", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_a_contract_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "body_model.npz"
    path.write_bytes(content)
    with pytest.raises(ModelContractError, match="expected an npz file"):
        BodyModel.load(path)


def test_pickled_objects_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "body_model.npz"
    save(path, small_arrays() | {"faces": np.array([{"surprise": 1}], dtype=object)})
    with pytest.raises(ModelContractError, match="expected an npz file of plain arrays"):
        BodyModel.load(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("parents", None, "missing parents"),
        ("v_template", np.zeros((V, 2), np.float32), r"v_template: expected shape \(60, 3\), got \(60, 2\)"),
        ("shapedirs", np.zeros((V, 3, 16), np.float32), r"shapedirs: expected shape \(60, 3, 10\)"),
        ("posedirs", np.zeros((3 * V, 207), np.float32), r"posedirs: expected shape \(207, 180\)"),
        ("J_regressor", np.zeros((24, V + 1), np.float32), r"J_regressor: expected shape \(24, 60\)"),
        ("lbs_weights", np.zeros((V, 22), np.float32), r"lbs_weights: expected shape \(60, 24\)"),
        ("faces", np.full((4, 3), V), "faces: expected indices from 0 to 59"),
        ("faces", np.zeros((4, 3), np.float32), "faces: expected integers"),
        ("extra_vertices", np.full(21, -1), "extra_vertices: expected indices from 0 to 59"),
        ("joint_map", np.full(25, 45), "joint_map: expected indices from 0 to 44"),
        ("parents", np.array([-1, 2, 1, *PARENTS[3:]]), "parents: expected -1, then parents before their children"),
    ],
)
def test_arrays_that_break_the_contract_are_named(name: str, value: NDArray[Any] | None, message: str) -> None:
    arrays = small_arrays()
    del arrays[name]
    if value is not None:
        arrays[name] = value
    with pytest.raises(ModelContractError, match=message):
        BodyModel.from_arrays(arrays)
