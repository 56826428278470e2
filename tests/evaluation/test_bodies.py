"""Results against truth files in the public formats of 3DPW, EMDB and BEDLAM, made of invented people."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from tests.results.frames import frame_result, tracked_person
from tracker_service.body.camera_space import in_camera
from tracker_service.body.model import BodyModel
from tracker_service.command_line.main import command_line
from tracker_service.errors import ResultsError, SettingsError
from tracker_service.evaluation.bodies.body_evaluation import BodyEvaluation, BodyFiles, evaluate_bodies
from tracker_service.evaluation.bodies.truth_files import read_truth
from tracker_service.inference.model_repository import default_repository
from tracker_service.results.ndjson import NdjsonWriter, read_results
from tracker_service.types import Float64, Smpl
from tracker_service.types.calibration import Calibration, FocalSource

WIDTH, HEIGHT, FOCAL = 1920, 1080, 1400.0
FRAMES = 3
CAMERA = Calibration(FOCAL, FocalSource.GIVEN, WIDTH, HEIGHT)
BODY_FILE = default_repository() / "hmr_lite" / "body_model.npz"
INTRINSICS = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel.load(BODY_FILE)


class Scene:
    """One person in a few frames before a camera that turns: parameters in the world, and what the camera sees."""

    def __init__(self, body: BodyModel) -> None:
        random = np.random.default_rng(0)
        self.poses = random.normal(scale=0.2, size=(FRAMES, 72))
        self.betas = random.normal(size=10).astype(np.float32).astype(np.float64)
        self.trans = np.array([0.3, 0.1, 4.0]) + random.normal(scale=0.1, size=(FRAMES, 3))
        self.extrinsics = np.tile(np.eye(4), (FRAMES, 1, 1))
        pan = np.linspace(-8, 8, FRAMES)[:, None]
        self.extrinsics[:, :3, :3] = Rotation.from_euler("y", pan, degrees=True).as_matrix()
        self.extrinsics[:, :3, 3] = [0.1, 0.2, 0.3]
        turns = Rotation.from_rotvec(self.poses.reshape(-1, 3)).as_matrix().reshape(FRAMES, 24, 3, 3)
        in_world = self.smpl(turns[:, :1], turns[:, 1:])
        self.joints_in_world = body.smpl_joints(in_world).astype(np.float64) + self.trans[:, None]
        self.seen = self.smpl(self.extrinsics[:, None, :3, :3] @ turns[:, :1], turns[:, 1:])
        moved = self.joints_in_world @ self.extrinsics[:, :3, :3].swapaxes(1, 2) + self.extrinsics[:, None, :3, 3]
        pixels = moved @ INTRINSICS.T
        pixels = pixels[..., :2] / pixels[..., 2:]
        self.pixels = pixels
        self.boxes = np.concatenate([pixels.min(axis=1) - 20, pixels.max(axis=1) + 20], axis=1)

    def smpl(self, orient: Float64, pose: Float64) -> Smpl:
        betas = np.tile(self.betas, (FRAMES, 1)).astype(np.float32)
        return Smpl(orient.astype(np.float32), pose.astype(np.float32), betas)

    def threedpw(self) -> dict[str, Any]:
        return {
            "poses": [self.poses],
            "betas": [np.append(self.betas, np.zeros(290))],
            "trans": [self.trans],
            "genders": ["m"],
            "jointPositions": [self.joints_in_world.reshape(FRAMES, 72)],
            "campose_valid": [np.ones(FRAMES, np.int64)],
            "cam_poses": self.extrinsics,
            "cam_intrinsics": INTRINSICS,
            "sequence": "invented",
        }

    def emdb(self) -> dict[str, Any]:
        return {
            "name": "P0_invented",
            "gender": "neutral",
            "emdb1": True,
            "emdb2": False,
            "n_frames": FRAMES,
            "good_frames_mask": np.ones(FRAMES, bool),
            "camera": {"intrinsics": INTRINSICS, "extrinsics": self.extrinsics, "width": WIDTH, "height": HEIGHT},
            "smpl": {
                "poses_root": self.poses[:, :3],
                "poses_body": self.poses[:, 3:],
                "trans": self.trans,
                "betas": self.betas,
            },
            "bboxes": {"bboxes": self.boxes, "invalid_idxs": np.zeros(0, np.int64)},
        }

    def bedlam(self, step: int = 5) -> dict[str, Any]:
        turns = Rotation.from_matrix(self.seen.global_orient[:, 0].astype(np.float64)).as_rotvec()
        return {
            "imgname": np.array([f"seq_000000/seq_000000_{number * step:04d}.png" for number in range(FRAMES)]),
            "pose_cam": np.concatenate([turns, self.poses[:, 3:]], axis=1),
            "shape": np.tile(self.betas, (FRAMES, 1)),
            "center": (self.boxes[:, :2] + self.boxes[:, 2:]) / 2,
            "scale": (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1) / 200,
            "gtkps": self.pixels,
            "sub": np.array(["rp_someone"] * FRAMES),
            "gender": np.array(["neutral"] * FRAMES),
        }


@pytest.fixture(scope="module")
def scene(body: BodyModel) -> Scene:
    return Scene(body)


def _pickled(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "truth.pkl"
    path.write_bytes(pickle.dumps(content, protocol=2))
    return path


def _written(folder: Path, scene: Scene, *, turn: float = 0.0, wide: float = 1.0, calibrated: bool = False) -> Path:
    """Results that say the truth but for a turn of the root (radians) and larger boxes."""
    path = folder / "results.ndjson"
    with NdjsonWriter(path) as file:
        for number in range(FRAMES):
            orient = Rotation.from_euler("z", turn).as_matrix() @ scene.seen.global_orient[number, 0]
            low, high = scene.boxes[number].reshape(2, 2)
            middle, half = (low + high) / 2, wide * (high - low) / 2
            box = np.concatenate([middle - half, middle + half]).astype(np.float32)
            person = tracked_person(
                1,
                number,
                box=box,
                global_orient=orient[None].astype(np.float32),
                body_pose=scene.seen.body_pose[number],
                betas=scene.seen.betas[number],
                camera=np.array([1.0, 0.0, 60.0], np.float32),
            )
            file.write(frame_result(number, person, calibration=CAMERA if calibrated else None))
    return path


def _evaluated(results: Path, truth: Path, body: BodyModel, **others: Any) -> BodyEvaluation:
    files = BodyFiles(body, others.pop("truth_bodies", {}), others.pop("joint_regressor", None))
    return evaluate_bodies(read_results(results), read_truth(truth, **others), files, minimum_overlap=0.5)


def _truth_files(folder: Path, scene: Scene) -> dict[str, Path]:
    paths = {}
    for name in ("threedpw", "emdb"):
        (folder / name).mkdir()
        paths[name] = _pickled(folder / name, getattr(scene, name)())
    paths["bedlam"] = folder / "bedlam.npz"
    np.savez(paths["bedlam"], **scene.bedlam())
    return paths


def test_results_that_say_the_truth_have_no_error_in_any_format(tmp_path: Path, scene: Scene, body: BodyModel) -> None:
    for name, truth in _truth_files(tmp_path, scene).items():
        found = _evaluated(_written(tmp_path, scene), truth, body)
        assert (found.every.matched, found.every.missed) == (FRAMES, 0), name
        assert found.every.mpjpe < 0.01, name
        assert found.every.pa_mpjpe < 0.01, name
        assert found.every.pve is not None
        assert found.every.pve < 0.01, name


def test_a_turned_body_has_an_error_that_alignment_takes_away(tmp_path: Path, scene: Scene, body: BodyModel) -> None:
    truth = _pickled(tmp_path, scene.emdb())
    found = _evaluated(_written(tmp_path, scene, turn=0.2), truth, body)
    joints = body.smpl_joints(scene.seen).astype(np.float64)
    joints -= joints[:, :1]
    expected = np.linalg.norm(joints @ Rotation.from_euler("z", 0.2).as_matrix().T - joints, axis=2)
    assert found.every.mpjpe == pytest.approx(1000 * expected.mean(), rel=1e-3)
    assert found.every.pa_mpjpe < 0.01
    assert found.joints["pelvis"] == 0
    assert found.joints["left_hand"] == pytest.approx(1000 * expected[:, 22].mean(), rel=1e-3)
    assert found.people[0] == found.every
    assert "MPJPE by joint, mm: " in found.text()


def test_bodies_before_a_calibrated_camera_are_taken_in_its_axes(tmp_path: Path, scene: Scene, body: BodyModel) -> None:
    truth = _pickled(tmp_path, scene.emdb())
    results = _written(tmp_path, scene, calibrated=True)
    first = next(iter(read_results(results))).persons[0]
    assert first.in_camera is not None
    person = tracked_person(1, 0, global_orient=first.global_orient, camera=np.array([1, 0, 60], np.float32))
    turned = in_camera(person, CAMERA).global_orient
    np.testing.assert_allclose(first.in_camera.global_orient, turned, atol=1e-5)
    assert not np.allclose(turned, first.global_orient, atol=0.05)
    assert _evaluated(results, truth, body).every.mpjpe > 5


def test_frames_that_are_not_valid_are_left_out(tmp_path: Path, scene: Scene) -> None:
    emdb = scene.emdb()
    emdb["good_frames_mask"][0] = False
    emdb["bboxes"]["invalid_idxs"] = np.array([2])
    assert read_truth(_pickled(tmp_path, emdb)).frames.tolist() == [1]
    threedpw = scene.threedpw()
    threedpw["campose_valid"][0][1] = 0
    assert read_truth(_pickled(tmp_path, threedpw)).frames.tolist() == [0, 2]


def test_a_truth_of_another_gender_says_what_it_was_put_on(tmp_path: Path, scene: Scene, body: BodyModel) -> None:
    truth = _pickled(tmp_path, scene.threedpw())
    results = _written(tmp_path, scene)
    (remark, joints) = _evaluated(results, truth, body).remarks
    assert "no body for male" in remark
    assert "--joint-regressor" in joints
    regressor = np.random.default_rng(0).dirichlet(np.full(body.number_of_vertices, 0.1), 17)
    found = _evaluated(results, truth, body, truth_bodies={"male": body}, joint_regressor=regressor)
    assert found.remarks == ()
    assert list(found.joints)[:2] == ["right_ankle", "right_knee"]
    assert found.every.mpjpe < 0.01


def test_two_people_are_told_apart_and_the_missed_are_counted(tmp_path: Path, scene: Scene, body: BodyModel) -> None:
    both = scene.threedpw()
    for key in ("poses", "betas", "trans", "genders", "jointPositions", "campose_valid"):
        both[key] = [both[key][0], both[key][0]]
    both["jointPositions"][1] = (scene.joints_in_world + np.array([1.5, 0, 0])).reshape(FRAMES, 72)
    found = _evaluated(_written(tmp_path, scene), _pickled(tmp_path, both), body)
    assert (found.people[0].matched, found.people[0].missed) == (FRAMES, 0)
    assert (found.people[1].matched, found.people[1].missed) == (0, FRAMES)
    assert found.every.missed == FRAMES


class _Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("executed",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"poses": _Payload()}, "expected arrays alone, got .*print, which is not loaded"),
        ({"other": 1}, "expected a truth file of 3DPW .* got other"),
        ([1], "expected a dictionary, got list"),
        ({"jointPositions": []}, "expected an entry 'cam_poses'"),
    ],
)
def test_other_pickles_are_refused(
    tmp_path: Path, content: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ResultsError, match=message):
        read_truth(_pickled(tmp_path, content))
    assert "executed" not in capsys.readouterr().out


def test_arrays_of_other_shapes_are_refused(tmp_path: Path, scene: Scene) -> None:
    short, narrow = scene.emdb(), scene.threedpw()
    short["bboxes"]["bboxes"] = scene.boxes[:1]
    with pytest.raises(ResultsError, match="expected the arrays of EMDB, got others: index 1 is out of bounds"):
        read_truth(_pickled(tmp_path, short))
    narrow["poses"] = [scene.poses[:, :69]]
    with pytest.raises(ResultsError, match=r"truth.pkl: poses: expected SMPL's 72 numbers a frame, got .* .3, 69."):
        read_truth(_pickled(tmp_path, narrow))


def test_labels_for_smplx_and_unknown_sequences_are_refused(tmp_path: Path, scene: Scene) -> None:
    labels = scene.bedlam()
    labels["pose_cam"] = np.zeros((FRAMES, 165))
    np.savez(tmp_path / "smplx.npz", **labels)
    with pytest.raises(ResultsError, match="expected SMPL's 72 numbers, got 165: labels for SMPL-X"):
        read_truth(tmp_path / "smplx.npz")
    np.savez(tmp_path / "smpl.npz", **scene.bedlam())
    with pytest.raises(ResultsError, match=r"expected the name of a sequence .* among seq_000000, got seq_1"):
        read_truth(tmp_path / "smpl.npz", "seq_1")


def test_results_that_show_nobody_of_the_truth_are_refused(tmp_path: Path, scene: Scene, body: BodyModel) -> None:
    with pytest.raises(ResultsError, match="got no match in any frame"):
        _evaluated(_written(tmp_path, scene, wide=0.05), _pickled(tmp_path, scene.emdb()), body)


def test_one_command_prints_the_published_columns(tmp_path: Path, scene: Scene) -> None:
    results, truth = _written(tmp_path, scene, turn=0.1), _pickled(tmp_path, scene.emdb())
    done = CliRunner().invoke(
        command_line(["evaluate", "track"]), ["evaluate", str(results), "--poses", str(truth), "--body", str(BODY_FILE)]
    )
    assert done.exit_code == 0, done.output
    header, person, every, *_ = done.output.splitlines()
    assert header.split() == ["PA-MPJPE", "MPJPE", "PVE", "matched", "missed"]
    assert person.startswith("person 0")
    assert every.split()[-2:] == ["3", "0"]


def test_a_drawing_that_poses_do_not_have_is_refused(tmp_path: Path) -> None:
    arguments = ["evaluate", "results.ndjson", "--poses", "truth.pkl", "--plot", str(tmp_path / "errors.png")]
    error = CliRunner().invoke(command_line(["evaluate", "track"]), arguments).exception
    assert isinstance(error, SettingsError)
    assert "expected --plot with --ground-truth, got it with --poses" in str(error)
