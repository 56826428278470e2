"""Our HMR2 against numbers that the authors' own modules produced."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from export.body.layer import SmplLayer, ancestors_of
from export.hmr2.camera import crop_translation, project_to_crop
from export.hmr2.checkpoint import expected_shapes
from export.hmr2.rotation import rotation_from_6d
from tests.export.golden import golden, small_hmr2
from tests.export.synthetic_body import digest, synthetic_body

ATOL = 1e-4


def _tensor(name: str, key: str) -> torch.Tensor:
    return torch.from_numpy(golden(name)[key].astype(np.float32))


def test_recipe_gives_the_body_of_the_golden_data() -> None:
    expected = dict(
        zip(golden("smpl")["recipe_sha256_names"].tolist(), golden("smpl")["recipe_sha256"].tolist(), strict=True)
    )
    body = synthetic_body(int(golden("smpl")["body_seed"]))
    assert digest(body.v_template) == expected["v_template"]
    assert digest(body.shapedirs) == expected["shapedirs"]
    assert digest(body.J_regressor) == expected["J_regressor"]
    assert digest(body.lbs_weights) == expected["weights"]
    assert digest(body.joint_regressor_extra) == expected["joint_regressor_extra"]


def test_reduced_network_matches_every_stage() -> None:
    model, numbers = small_hmr2(), golden("hmr2_small")
    image = _tensor("hmr2_small", "image")[:, :, :, 32:-32]
    assert_allclose(model.backbone.patch_tokens(image), numbers["patch_tokens"], atol=ATOL)
    features = model.backbone(image)
    expected = numbers["features"].reshape(*numbers["features"].shape[:2], -1).transpose(0, 2, 1)
    assert_allclose(features, expected, atol=ATOL)
    assert_allclose(model.decoder.token(features), numbers["decoder_token"], atol=ATOL)
    parameters = model.parameters_of(image)
    assert_allclose(parameters.pose, numbers["pose6d"], atol=ATOL)
    assert_allclose(parameters.betas, numbers["betas"], atol=ATOL)
    assert_allclose(parameters.camera, numbers["pred_cam"], atol=ATOL)
    rotations = rotation_from_6d(parameters.pose.reshape(-1, 24, 6))
    assert_allclose(rotations[:, :1], numbers["global_orient"], atol=ATOL)
    assert_allclose(rotations[:, 1:], numbers["body_pose"], atol=ATOL)
    joints, vertices = model.body(rotations, parameters.betas)
    assert_allclose(joints, numbers["pred_keypoints_3d"], atol=ATOL)
    assert_allclose(vertices[:, numbers["vertex_index"]], numbers["pred_vertices"], atol=ATOL)
    translation = crop_translation(parameters.camera)
    assert_allclose(translation, numbers["pred_cam_t"], rtol=ATOL)
    assert_allclose(project_to_crop(joints, translation), numbers["pred_keypoints_2d"], atol=ATOL)


def test_uint8_crops_are_normalised_and_cut_inside_the_model() -> None:
    model = small_hmr2()
    crops = torch.randint(0, 256, (2, 256, 256, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
    mean, deviation = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    image = ((crops.float() - mean) / deviation).permute(0, 3, 1, 2)[:, :, :, 32:224]
    assert_allclose(model(crops)[3], model.parameters_of(image).camera, atol=1e-5)
    unseen = crops.clone()
    unseen[:, :, :32] = 0
    unseen[:, :, 222:] = 0
    unseen[:, 254:] = 0
    assert torch.equal(model(unseen)[5], model(crops)[5])


def test_outputs_have_the_shapes_of_the_contract() -> None:
    outputs = small_hmr2()(torch.zeros((3, 256, 256, 3), dtype=torch.uint8))
    shapes = [tuple(output.shape) for output in outputs]
    assert shapes == [(3, 1, 3, 3), (3, 23, 3, 3), (3, 10), (3, 3), (3, 44, 3), (3, 6890, 3), (3, 1)]
    assert {output.dtype for output in outputs} == {torch.float32}
    assert torch.equal(outputs[6], torch.ones(3, 1))


def test_rotations_match_including_degenerate_rows() -> None:
    numbers = golden("geometry")
    rotations = rotation_from_6d(_tensor("geometry", "rot6d")).numpy()
    regular = ~numbers["rot6d_degenerate"]
    assert_allclose(rotations[regular], numbers["rotmat"][regular], atol=1e-5)
    assert_allclose(rotations[9], numbers["rotmat"][9], atol=1e-3)
    assert_allclose(rotations[[4, 6, 7]], numbers["rotmat"][[4, 6, 7]], atol=1e-5)
    assert np.isfinite(rotations).all()


def test_rotation_of_a_worked_example() -> None:
    rotation = rotation_from_6d(torch.tensor([1.0, 2, 3, 4, 5, 6]))
    expected = [
        [0.267261, 0.872872, -0.408248],
        [0.534522, 0.218218, 0.816497],
        [0.801784, -0.436436, -0.408248],
    ]
    assert_allclose(rotation, expected, atol=1e-6)


@given(arrays(np.float32, 6, elements=st.floats(-10, 10, width=32)))
def test_any_clearly_independent_pair_gives_a_rotation(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    first, second = values[:3], values[3:]
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    assume(float(np.linalg.norm(np.cross(first, second))) > 0.05 * max(lengths, 0.1))
    rotation = rotation_from_6d(torch.from_numpy(values)).double()
    assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
    assert float(torch.linalg.det(rotation)) == pytest.approx(1, abs=1e-4)


def test_projection_matches() -> None:
    numbers = golden("geometry")
    translation = crop_translation(_tensor("geometry", "projection_cam"))
    assert_allclose(translation, numbers["projection_cam_t"], rtol=1e-5)
    points = project_to_crop(_tensor("geometry", "projection_points"), translation)
    assert_allclose(points, numbers["projection_uv"], atol=1e-5)


def test_body_layer_matches() -> None:
    numbers = golden("smpl")
    rotations = torch.from_numpy(np.concatenate([numbers["global_orient"], numbers["body_pose"]], axis=1))
    joints, vertices = SmplLayer(synthetic_body())(rotations, torch.from_numpy(numbers["betas"]))
    assert_allclose(joints, numbers["joints44"], atol=2e-6)
    assert_allclose(joints[:, :25], numbers["joints45_smpl"][:, synthetic_body().joint_map], atol=2e-6)
    assert_allclose(vertices[:, numbers["vertex_index"]], numbers["vertices"], atol=2e-6)
    assert_allclose(vertices.double().mean(1), numbers["vertices_mean"], atol=2e-6)
    moved, _ = SmplLayer(synthetic_body(), update_hips=True)(rotations, torch.from_numpy(numbers["betas"]))
    assert_allclose(moved, numbers["joints44_update_hips"], atol=2e-6)


def test_tables_of_ancestors_look_1_2_4_and_8_levels_up() -> None:
    parents = synthetic_body().parents
    tables = ancestors_of(parents)
    assert len(tables) == 4
    for level, table in enumerate(tables):
        for joint in range(25):
            above = joint
            for _ in range(2**level):
                above = int(parents[above]) if 0 < above < 24 else 24
            assert table[joint] == above


def test_published_sizes_need_503_tensors_of_670_million_numbers() -> None:
    shapes = expected_shapes()
    assert len(shapes) == 503
    assert sum(int(np.prod(shape)) for name, shape in shapes.items() if "init_" not in name) == 630912000 + 39547037
