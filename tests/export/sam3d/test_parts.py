"""The parts of SAM 3D Body's graph against independent computations and published sizes."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch.nn import functional

from export.sam3d.angles import arc_tangent, euler_angles, rotation_of
from export.sam3d.backbone import Trunk
from export.sam3d.camera import in_crop, translation
from export.sam3d.decoder import DecoderLayer
from export.sam3d.rays import RayEncoding, patch_positions
from export.sam3d.rig import Rig, levels_of
from export.sam3d.rig_constants import JOINT_NUMBERS, UNCORRECTED, RigConstants, synthetic_rig
from export.sam3d.sampling import sample_map
from export.sam3d.sizes import CROP_SIZE, PUBLISHED, REDUCED
from tracker_service.types import Float64


def test_patch_positions_are_those_of_the_authors_rays() -> None:
    positions = patch_positions(0, CROP_SIZE, 32)
    assert positions[[0, 1, 2, 30, 31]].tolist() == pytest.approx([9.026786, 23.5, 39.5, 487.5, 501.973205], abs=1e-5)


def test_rays_are_those_of_all_pixels_shrunk_with_antialiasing() -> None:
    bbox_info = torch.tensor([[0.16, -0.026667, 0.4], [-0.2, 0.3, 0.55]])
    pixels = torch.stack(torch.meshgrid(torch.arange(512.0), torch.arange(512.0), indexing="xy"))
    rays = bbox_info[:, :2, None, None] + (pixels / 512 - 0.5) * bbox_info[:, 2, None, None, None]
    cut = PUBLISHED.cut
    shrunk = functional.interpolate(rays[..., cut:-cut], (32, 24), mode="bilinear", antialias=True)
    got = RayEncoding(REDUCED).rays(bbox_info)
    torch.testing.assert_close(got[..., :2], shrunk.flatten(2).transpose(1, 2), atol=1e-6, rtol=0)
    assert (got[..., 2] == 1).all()


def test_arc_tangent_is_exact_to_single_precision() -> None:
    angles = torch.linspace(-np.pi + 1e-4, np.pi, 20001, dtype=torch.float64)
    y, x = (3.7 * angles.sin()).float(), (3.7 * angles.cos()).float()
    torch.testing.assert_close(arc_tangent(y, x), torch.atan2(y, x), atol=5e-7, rtol=0)
    axes = torch.tensor([0.0, 1.0, 0.0, -1.0]), torch.tensor([1.0, 0.0, 0.0, 0.0])
    assert arc_tangent(*axes).tolist() == pytest.approx([0, np.pi / 2, 0, -np.pi / 2])


@pytest.mark.parametrize("upright", [True, False], ids=["any rotation", "close to gimbal lock"])
def test_euler_angles_give_the_rotation_back(upright: bool) -> None:
    turned = Rotation.random(200, random_state=0).as_euler("ZYX")
    if not upright:
        turned[:, 1] = np.sign(turned[:, 1]) * (np.pi / 2 - 1e-3)
    matrices = torch.from_numpy(Rotation.from_euler("ZYX", turned).as_matrix()).float()
    angles = euler_angles(matrices)
    torch.testing.assert_close(rotation_of(angles), matrices, atol=2e-6 if upright else 2e-4, rtol=0)
    if upright:
        np.testing.assert_allclose(angles.numpy()[:, ::-1], turned, atol=1e-4)


def test_sampling_is_that_of_grid_sample_outside_the_map_too() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 32 * 24, 5, generator=generator)
    points = 1.3 * (2 * torch.rand(2, 400, 2, generator=generator) - 1)
    picture = features.transpose(1, 2).reshape(2, 5, 32, 24)
    wanted = functional.grid_sample(picture, points[:, None], mode="bilinear", align_corners=False)[:, :, 0]
    torch.testing.assert_close(sample_map(features, points, 32, 24), wanted.transpose(1, 2), atol=1e-4, rtol=0)


def test_the_camera_is_the_authors() -> None:
    camera, bbox_info = torch.tensor([[-0.9, 0.05, 0.1]]), torch.tensor([[0.16, -0.026667, 0.4]])
    place = translation(camera, bbox_info)
    assert place[0].tolist() == pytest.approx([0.938889, -0.248148, 5.555556], abs=1e-5)
    centre_of_the_crop = torch.tensor([[[0.16, -0.026667, 1.0]]]) * 4 - place[:, None]
    assert in_crop(centre_of_the_crop, place, bbox_info)[0, 0].tolist() == pytest.approx([0, 0], abs=1e-5)


def test_trunk_and_decoder_have_the_published_sizes() -> None:
    """What is folded away: the class token's position, and each layer's norm of the patches' positions."""
    with torch.device("meta"):
        trunk, layer = Trunk(PUBLISHED), DecoderLayer(PUBLISHED)
    assert _size(trunk) + PUBLISHED.embed_dim == 631_649_280
    unfolded = _size(layer) - layer.patch_keys.numel() + 2 * PUBLISHED.embed_dim
    last_norm = 2 * PUBLISHED.decoder_dim
    assert PUBLISHED.decoder_depth * unfolded + last_norm == 39_446_528


@pytest.fixture(scope="module")
def rig() -> RigConstants:
    return synthetic_rig(REDUCED.rig)


def test_every_joint_comes_one_level_after_its_parent(rig: RigConstants) -> None:
    parents, levels = rig.parents, levels_of(rig.parents)
    place = {joint: depth for depth, level in enumerate(levels) for joint in level}
    assert sorted(place) == list(range(len(parents)))
    assert all(place[joint] == place[int(parents[joint])] + 1 for joint in range(1, len(parents)))


def test_the_rig_poses_as_a_loop_over_joints_in_double_precision_does(rig: RigConstants) -> None:
    numbers = np.random.default_rng(1)
    parameters, shape = numbers.normal(0, 0.3, 204), numbers.normal(0, 1, 45)
    joints, vertices = _posed(rig, parameters, shape)
    got = Rig(rig)(*(torch.from_numpy(values).float()[None] for values in (parameters, shape)))
    turned = np.array([0.01, -0.01, -0.01])
    np.testing.assert_allclose(got[0][0], joints * turned, atol=1e-5)
    np.testing.assert_allclose(got[1][0], vertices * turned, atol=1e-5)
    points = rig.keypoint_joints @ joints + rig.keypoint_vertices @ vertices
    np.testing.assert_allclose(got[2][0], points * turned, atol=1e-5)


def test_keypoints_alone_are_those_of_the_whole_body(rig: RigConstants) -> None:
    body, generator = Rig(rig), torch.Generator().manual_seed(0)
    parameters, shape = 0.3 * torch.randn(2, 204, generator=generator), torch.randn(2, 45, generator=generator)
    torch.testing.assert_close(body.keypoints(parameters, shape), body(parameters, shape)[2])
    assert body.read.weights.shape[0] < body.whole.weights.shape[0]


def _posed(rig: RigConstants, parameters: Float64, shape: Float64) -> tuple[Float64, Float64]:
    """Joints and vertices in centimetres, one joint and one vertex at a time."""
    numbers = (rig.transform.astype(np.float64) @ parameters).reshape(-1, JOINT_NUMBERS)
    turns = Rotation.from_euler("xyz", numbers[:, 3:6]).as_matrix()
    posed = _placed(rig, numbers, turns)
    rest = _placed(rig, np.zeros_like(numbers), np.tile(np.eye(3), (len(numbers), 1, 1)))
    features = (turns - np.eye(3))[UNCORRECTED:, :, :2].reshape(-1)
    hidden = np.maximum(rig.widen @ features, 0)
    resting = rig.template + np.tensordot(shape, rig.shapes, 1) + rig.narrow @ hidden
    moves = [now @ np.linalg.inv(before) for now, before in zip(posed, rest, strict=True)]
    vertices = [
        sum(weight * (moves[joint] @ np.append(point, 1)) for joint, weight in zip(joints, weights, strict=True))
        for point, joints, weights in zip(resting, rig.influences, rig.weights, strict=True)
    ]
    return np.array([matrix[:3, 3] for matrix in posed]), np.array(vertices)[:, :3]


def _placed(rig: RigConstants, numbers: Float64, turns: Float64) -> list[Float64]:
    placed: list[Float64] = []
    for joint, parent in enumerate(rig.parents):
        own = np.eye(4)
        own[:3, :3] = rig.frames[joint] @ turns[joint] * 2 ** numbers[joint, 6]
        own[:3, 3] = rig.offsets[joint] + numbers[joint, :3]
        placed.append(placed[parent] @ own if parent >= 0 else own)
    return placed


def _size(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
