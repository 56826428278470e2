"""Published checkpoints are loaded strictly and without executing anything."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from export.errors import (
    MissingFileError,
    MissingTensorError,
    TensorShapeError,
    UnexpectedTensorError,
    UnreadableFileError,
    UnsafePickleError,
)
from export.hmr2.checkpoint import load_hmr2
from export.weights.checkpoint import Inert, read_checkpoint, state_dict, take_tensors
from tests.export.golden import DATA, golden_weights, small_hmr2, small_sizes
from tests.export.synthetic_body import synthetic_body

State = dict[str, Any]


class _Foreign:
    pass


class _Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harm",)


def _published() -> State:
    """The golden weights with everything that the published file holds besides."""
    return {
        **golden_weights("hmr2_small"),
        "initialized": torch.tensor(True),
        "discriminator.D_conv1.weight": torch.zeros(32, 9, 1, 1),
        "smpl.v_template": torch.zeros(6890, 3),
    }


def _save(path: Path, state: State, **others: object) -> Path:
    torch.save({"state_dict": state, "epoch": 35, "pytorch-lightning_version": "1.8.1", **others}, path)
    return path


def test_published_container_gives_the_golden_network_and_names_what_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _save(tmp_path / "hmr2.ckpt", _published())
    with caplog.at_level("INFO", "export"):
        model = load_hmr2(path, synthetic_body(), small_sizes())
    used = len(golden_weights("hmr2_small"))
    assert f"{used} tensors used; ignored: 1 initialized, 1 discriminator.*, 1 smpl.*" in caplog.text
    crops = torch.full((1, 256, 256, 3), 90, dtype=torch.uint8)
    for ours, golden in zip(model(crops), small_hmr2()(crops), strict=True):
        torch.testing.assert_close(ours, golden, rtol=0, atol=1e-6)


def test_configuration_objects_of_the_container_become_inert() -> None:
    content = read_checkpoint(DATA / "lightning_container.ckpt")
    assert isinstance(content["hyper_parameters"]["cfg"], Inert)
    assert content["hyper_parameters"]["init_renderer"] is True
    assert torch.equal(content["state_dict"]["a"], torch.zeros(2))


def test_nodes_of_yacs_which_are_dictionaries_may_lie_beside_the_tensors() -> None:
    content = read_checkpoint(DATA / "tokenizer_container.pth")  # written with yacs 0.1.8, as TokenHMR's tokenizer is
    assert torch.equal(content["net"]["quantizer.codebook"], torch.zeros(2))
    assert content["hparams"]["ARCH"] == {"CODE_DIM": 256, "NB_CODE": 2048, "ROT_TYPE": "rot6d"}


def _without(name: str) -> Callable[[State], None]:
    return lambda state: state.pop(name)


def _with(name: str, value: object) -> Callable[[State], None]:
    return lambda state: state.update({name: value})


@pytest.mark.parametrize(
    ("change", "message", "error"),
    [
        (
            _without("backbone.blocks.1.mlp.fc1.bias"),
            r"missing backbone\.blocks\.1\.mlp\.fc1\.bias",
            MissingTensorError,
        ),
        (_without("smpl_head.init_cam"), r"missing smpl_head\.init_cam", MissingTensorError),
        (_with("backbone.blocks.3.norm1.bias", torch.zeros(96)), r"got backbone\.blocks\.3", UnexpectedTensorError),
        (_with("teacher.weight", torch.zeros(1)), r"got teacher\.weight", UnexpectedTensorError),
        (
            _with("backbone.pos_embed", torch.zeros(1, 197, 96)),
            r"backbone\.pos_embed: expected shape \(1, 193, 96\), got \(1, 197, 96\)",
            TensorShapeError,
        ),
        (
            _with("smpl_head.deccam.bias", torch.zeros(3, dtype=torch.int64)),
            r"deccam\.bias: expected floating-point numbers, got torch\.int64",
            TensorShapeError,
        ),
        (_with("smpl_head.deccam.bias", [0, 0, 0]), r"deccam\.bias: expected a tensor, got list", TensorShapeError),
    ],
)
def test_deviating_checkpoint_is_refused(
    tmp_path: Path, change: Callable[[State], None], message: str, error: type[Exception]
) -> None:
    state = _published()
    change(state)
    path = _save(tmp_path / "hmr2.ckpt", state)
    with pytest.raises(error, match=message):
        load_hmr2(path, synthetic_body(), small_sizes())


def test_missing_tensors_are_named_three_at_most() -> None:
    with pytest.raises(MissingTensorError, match="missing a, b, c and 1 more"):
        take_tensors({}, dict.fromkeys("abcd", (1,)), ())


@pytest.mark.parametrize(
    ("content", "message", "error"),
    [
        (None, "expected a file", MissingFileError),
        (b"", "cannot be read", UnreadableFileError),
        (b"<!DOCTYPE html><title>Sign in</title>", "HTML page", UnreadableFileError),
        (b"PK\x03\x04 then nothing of a checkpoint", "cannot be read", UnreadableFileError),
        (b"neither archive nor pickle", "cannot be read", UnreadableFileError),
    ],
)
def test_file_that_is_no_checkpoint(
    tmp_path: Path, content: bytes | None, message: str, error: type[Exception]
) -> None:
    path = tmp_path / "hmr2.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=message):
        read_checkpoint(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_checkpoint(tmp_path: Path, share: float) -> None:
    path = _save(tmp_path / "hmr2.ckpt", _published())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read_checkpoint(path)


@pytest.mark.parametrize(("stranger", "name"), [(_Foreign(), "_Foreign"), (_Harmful(), "mkdir")])
@pytest.mark.parametrize("zipped", [True, False])
def test_foreign_objects_are_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: object, name: str, zipped: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hmr2.ckpt"
    torch.save({"state_dict": {}, "callback": stranger}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(UnsafePickleError, match=name):
        read_checkpoint(path)
    assert not (tmp_path / "harm").exists()


def test_container_without_a_state_dict(tmp_path: Path) -> None:
    others: tuple[tuple[dict[object, object], str], ...] = (
        ({"model": {}}, "got 'model'"),
        ({}, "got nothing"),
        ({str(number): {} for number in range(9)}, "got '0', '1', '2' and 6 more"),
        ({"state_dict": {1: torch.zeros(1)}}, "got 'state_dict'"),
    )
    for content, got in others:
        torch.save(content, tmp_path / "other.pth")
        with pytest.raises(UnreadableFileError, match=f"'state_dict' with the tensors by name, {got}"):
            state_dict(read_checkpoint(tmp_path / "other.pth"), "state_dict", tmp_path / "other.pth")


def test_tensors_may_lie_bare_in_the_file(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "bare.pth")
    state = state_dict(read_checkpoint(tmp_path / "bare.pth"), "state_dict", tmp_path / "bare.pth")
    assert list(state) == ["a"]
