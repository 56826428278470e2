"""Our CameraHMR and TokenHMR against numbers that the authors' own modules produced."""

import numpy as np
import torch
from numpy.testing import assert_allclose, assert_array_equal

from export.camerahmr.camera import full_translation
from export.camerahmr.checkpoint import expected_shapes as camerahmr_shapes
from export.hmr2.rotation import rotation_from_6d
from export.tokenhmr.checkpoint import expected_shapes as tokenhmr_shapes
from export.tokenhmr.checkpoint import tokenizer_shapes
from export.tokenhmr.model import rotation_of_rows
from export.tokenhmr.sizes import LENGTHS, TOKENS
from export.tokenhmr.tokenizer import nearest
from tests.export.family.golden_networks import CAMERAHMR, TOKENHMR, small_camerahmr, small_tokenhmr, tensor
from tests.export.golden import golden

ATOL = 3e-5
"""Tells the epsilons of the LayerNorms apart; structural mistakes are a thousand times larger."""


def test_camerahmr_matches_every_stage() -> None:
    model, numbers = small_camerahmr(), golden(CAMERAHMR)
    image, place = tensor(CAMERAHMR, "image")[:, :, :, 32:-32], tensor(CAMERAHMR, "bbox_info")
    assert_allclose(model.backbone.patch_tokens(image), numbers["patch_tokens"], atol=ATOL)
    features = model.backbone(image)
    expected = numbers["features"].reshape(*numbers["features"].shape[:2], -1).transpose(0, 2, 1)
    assert_allclose(features, expected, atol=ATOL)
    position = tensor(CAMERAHMR, "weight/smpl_head.transformer.pos_embedding")[0, 0]
    assert_allclose(model.decoder.query(place) - position, numbers["query_embedding"], atol=2e-6)
    assert_allclose(model.decoder.token(features, model.decoder.query(place)), numbers["decoder_token"], atol=ATOL)
    pose, betas, camera = model.decoder.placed(features, place)
    assert_allclose(pose, numbers["pose6d"], atol=ATOL)
    assert_allclose(betas, numbers["betas"], atol=ATOL)
    assert_allclose(camera, numbers["pred_cam"], atol=ATOL)
    rotations = rotation_from_6d(pose.reshape(-1, 24, 6))
    assert_allclose(rotations[:, :1], numbers["global_orient"], atol=ATOL)
    assert_allclose(rotations[:, 1:], numbers["body_pose"], atol=ATOL)
    assert_allclose(full_translation(camera, place), numbers["cam_t"], atol=ATOL)


def test_camerahmr_places_people_as_its_authors_do() -> None:
    numbers = golden(CAMERAHMR)
    got = full_translation(tensor(CAMERAHMR, "table_pred_cam"), tensor(CAMERAHMR, "table_bbox_info"))
    assert_allclose(got, numbers["table_cam_t"], rtol=1e-5, atol=1e-6)


def test_tokenhmr_matches_every_stage() -> None:
    model, numbers = small_tokenhmr(), golden(TOKENHMR)
    features = model.backbone(tensor(TOKENHMR, "image")[:, :, :, 32:-32])
    token, classifier, tokenizer = model.decoder.token(features), model.decoder.classifier, model.decoder.tokenizer
    assert_allclose(token, numbers["decoder_token"], atol=ATOL)
    tokens, logits = classifier.tokens(token), classifier(token)
    assert_allclose(tokens[:1], numbers["classifier_stem"], atol=ATOL)
    assert_allclose(classifier.mixed(tokens)[:1], numbers["mixer_out"], atol=ATOL)
    assert_allclose(logits[:1], numbers["logits"], atol=ATOL)
    code = tokenizer.code(logits)
    assert_allclose(code, numbers["code"], atol=ATOL)
    assert_allclose(tokenizer(code), numbers["decoded6d"], atol=ATOL)
    pose = model.decoder.pose(token)
    assert_allclose(pose.flatten(1), numbers["pose6d"], atol=ATOL)
    rotations = rotation_of_rows(pose)
    assert_allclose(rotations[:, :1], numbers["global_orient"], atol=ATOL)
    assert_allclose(rotations[:, 1:], numbers["body_pose"], atol=ATOL)
    assert_allclose(model.decoder.readout_betas(token), numbers["betas"], atol=ATOL)
    assert_allclose(model.decoder.readout_camera(token), numbers["pred_cam"], atol=ATOL)


def test_both_conventions_of_6d_rotations_match() -> None:
    for name, rotation in ((CAMERAHMR, rotation_from_6d), (TOKENHMR, rotation_of_rows)):
        assert_allclose(rotation(tensor(name, "rot6d")), golden(name)["rotmat"], atol=1e-5)
    worked = rotation_of_rows(torch.tensor([1.0, 2, 3, 4, 5, 6]))
    assert_allclose(worked[0], [0.267261, 0.534522, 0.801784], atol=1e-6)


def test_resizes_read_the_places_that_the_authors_read() -> None:
    for index, (length, wanted) in enumerate(zip((TOKENS, *LENGTHS), LENGTHS, strict=False)):
        assert_array_equal(nearest(length, wanted), golden(TOKENHMR)[f"upsample_index_{index}"])


def test_published_sizes_are_those_of_the_published_checkpoints() -> None:
    def count(shapes: dict[str, tuple[int, ...]]) -> int:
        return sum(int(np.prod(shape)) for name, shape in shapes.items() if "init_" not in name)

    backbone, training_only = 630912000, 88 * 1025
    assert count(camerahmr_shapes()) == backbone + 39800053 - training_only
    assert count(tokenhmr_shapes()) == backbone + 50287967
    assert count(tokenizer_shapes()) == 6961158
    assert len(tokenizer_shapes()) == 23
