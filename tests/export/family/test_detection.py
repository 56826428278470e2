"""Which network a checkpoint holds, and what is said where it is none of ours."""

from functools import partial
from pathlib import Path

import pytest
import torch

import export.hmr_family.loading
from export.errors import (
    MissingFileError,
    MissingTensorError,
    TensorShapeError,
    UnexpectedTensorError,
    UnknownFamilyError,
    UnsupportedFamilyError,
)
from export.hmr2.random_checkpoint import random_tensors
from export.hmr_family.detection import Family, family_of
from export.hmr_family.loading import family_in, hmr2_from_weights, load
from export.hmr_family.random_checkpoint import shapes_of, write_random_family
from export.settings import ExportSettings
from export.weights.published import CAMERAHMR_CHECKPOINT
from tests.export.family.reduced import SIZES
from tests.export.synthetic_body import synthetic_body


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "hmr2" / "body_model.npz"
    synthetic_body().write(path)
    return path


def _saved(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    torch.save({"state_dict": tensors}, path)
    return path


@pytest.mark.parametrize("family", Family)
def test_every_network_is_known_by_its_tensors(family: Family) -> None:
    assert family_of(dict(random_tensors(shapes_of(family, SIZES))), "file") is family


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"smplx_head.decpose.weight": torch.zeros(150, 4)}, "CameraHMR for SMPL-X: .*missing here; take the SMPL"),
        ({"init_to_token_mhr.weight": torch.zeros(4, 525)}, "SAM 3D Body: .* are missing here"),
        ({"model.init_to_token_mhr.weight": torch.zeros(4, 525)}, "SAM 3D Body"),
    ],
)
def test_a_known_network_that_cannot_be_exported_is_refused_with_what_is_missing(
    tensors: dict[str, torch.Tensor], message: str
) -> None:
    with pytest.raises(UnsupportedFamilyError, match=message):
        family_of(tensors, "file")


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "got tensors of nothing"),
        ({"fc.weight": torch.zeros(1), "layer1.0": torch.zeros(1)}, "got tensors of fc, layer1, without smpl_head"),
        (
            {
                "smpl_head.decpose.weight": torch.zeros(144, 4),
                "smpl_head.transformer.to_token_embedding.weight": torch.zeros(4, 7),
            },
            "got a query token made from 7 numbers",
        ),
    ],
)
def test_anything_else_is_no_network_of_the_family(tensors: dict[str, torch.Tensor], message: str) -> None:
    with pytest.raises(UnknownFamilyError, match=f"expected a checkpoint of HMR2.0.*{message}"):
        family_of(tensors, "file")


def test_tensors_beside_trunk_and_head_are_left_aside_by_name(
    body: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        load(write_random_family(tmp_path, Family.CAMERAHMR, SIZES), body, sizes=SIZES.network)
    assert "ignored: 1 smpl*, 2 smpl_head.deckp.*" in caplog.text


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ("missing", MissingTensorError, "missing smpl_head.deccam.bias"),
        ("extra", UnexpectedTensorError, "got smpl_head.deckp3d.bias"),
        ("shape", TensorShapeError, "decshape.bias: expected shape .10,."),
    ],
)
def test_a_checkpoint_is_loaded_whole_or_not_at_all(
    body: Path, tmp_path: Path, change: str, error: type[Exception], message: str
) -> None:
    tensors = dict(random_tensors(shapes_of(Family.CAMERAHMR, SIZES)))
    if change == "missing":
        del tensors["smpl_head.deccam.bias"]
    if change == "extra":
        tensors["smpl_head.deckp3d.bias"] = torch.zeros(1)
    if change == "shape":
        tensors["smpl_head.decshape.bias"] = torch.zeros(16)
    with pytest.raises(error, match=f"other.ckpt looks like CameraHMR .SMPL., but: .*{message}"):
        load(_saved(tmp_path / "other.ckpt", tensors), body, sizes=SIZES.network)


def test_tokenhmr_asks_for_its_tokenizer(body: Path, tmp_path: Path) -> None:
    checkpoint = write_random_family(tmp_path, Family.TOKENHMR, SIZES)
    with pytest.raises(MissingFileError, match=r"tokenhmr.ckpt is TokenHMR: expected its tokenizer.pth"):
        load(checkpoint, body, sizes=SIZES.network)
    torch.save({"net": {"encoder.0.weight": torch.zeros(1)}}, tmp_path / "other.pth")
    with pytest.raises(MissingTensorError, match=r"expected quantizer.codebook"):
        load(checkpoint, body, tmp_path / "other.pth", SIZES.network)
    net = torch.load(tmp_path / "tokenizer.pth")["net"]
    del net["decoder.decoder.15.bias"]
    torch.save({"net": net}, tmp_path / "other.pth")
    with pytest.raises(MissingTensorError, match=r"other.pth is given as TokenHMR's tokenizer, but: .*decoder.15.bias"):
        load(checkpoint, body, tmp_path / "other.pth", SIZES.network)


def test_tensors_that_lie_bare_in_the_file_are_known_too(tmp_path: Path) -> None:
    torch.save({"init_to_token_mhr.weight": torch.zeros(4, 525)}, tmp_path / "bare.ckpt")
    with pytest.raises(UnsupportedFamilyError, match="got SAM 3D Body"):
        family_in(tmp_path / "bare.ckpt")
    torch.save(dict(random_tensors(shapes_of(Family.HMR2, SIZES))), tmp_path / "bare.ckpt")
    assert family_in(tmp_path / "bare.ckpt") is Family.HMR2


def test_another_network_under_the_name_of_one_is_not_taken_for_it(
    body: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export.hmr_family.loading, "load", partial(load, sizes=SIZES.network))
    monkeypatch.setitem(export.hmr_family.loading.CHECKPOINTS, Family.HMR2, CAMERAHMR_CHECKPOINT)
    settings = ExportSettings(weights=tmp_path, repository=body.parents[1])
    write_random_family(tmp_path, Family.CAMERAHMR, SIZES)
    with pytest.raises(UnknownFamilyError, match=r"camerahmr.ckpt: expected HMR2.0 .*, got CameraHMR"):
        hmr2_from_weights(settings)
