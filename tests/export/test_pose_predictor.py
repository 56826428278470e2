"""The pose transformer against the authors' numbers: the tensors they lose are loaded, one token is decoded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from export.errors import (
    MissingFileError,
    MissingTensorError,
    TensorShapeError,
    UnexpectedTensorError,
    UnreadableFileError,
)
from export.graphs.choices import Format
from export.graphs.model_version import write_version
from export.graphs.parity import ExportedFile
from export.pose_predictor.checkpoint import IGNORED, build, expected_shapes, read_normalisation
from export.pose_predictor.graph import served
from export.pose_predictor.model import PoseNormalisation, PoseTransformer
from export.pose_predictor.sizes import ChosenSizes, read_chosen_sizes, sizes_of
from tests.export.golden import golden, golden_poses, golden_weights

NAME = "pose_predictor"
CHOSEN = ChosenSizes(heads=3, stride=5, padding=1)


def _build(weights: dict[str, torch.Tensor], chosen: ChosenSizes = CHOSEN) -> PoseTransformer:
    mean, deviation = golden(NAME)["mean_std"][:, 0]
    return build(weights, chosen, PoseNormalisation(mean, deviation))


def _model() -> PoseTransformer:
    return _build(golden_weights(NAME))


def _run(model: PoseTransformer, *inputs: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(model(*map(torch.from_numpy, inputs)))


def _predict(model: PoseTransformer, target: NDArray[np.int64] | None = None) -> NDArray[Any]:
    poses, frames, own = golden_poses()
    return _run(model, poses, frames, own if target is None else target)


def test_every_track_is_predicted_as_the_authors_modules_do() -> None:
    np.testing.assert_allclose(_predict(_model()), golden(NAME)["predicted_per_track"], atol=5e-4)


def test_shared_target_gives_the_numbers_of_upstreams_defect() -> None:
    target = np.full((8, 1), golden(NAME)["target_slot"][0])
    np.testing.assert_allclose(_predict(_model(), target), golden(NAME)["predicted_upstream_batch"], atol=5e-4)


def test_every_slot_of_a_track_reads_out_as_the_authors_decoder_does() -> None:
    poses, frames, _ = golden_poses()
    every = _run(_model(), poses[[4] * 125], frames[[4] * 125], np.arange(125)[:, None])
    np.testing.assert_allclose(every, golden(NAME)["track4_readout"], atol=5e-4)


def test_input_encoder_is_in_effect() -> None:
    weights = golden_weights(NAME)
    weights["encoder.pose_shape_encoder.2.weight"] = torch.zeros_like(weights["encoder.pose_shape_encoder.2.weight"])
    deaf = _predict(_build(weights))
    assert np.abs(deaf - golden(NAME)["predicted_per_track"]).max() > 0.01


def test_rows_that_do_not_count_do_not_matter_nor_how_many_there_are() -> None:
    poses, frames, target = golden_poses()
    assert (frames == -1).any()
    model, expected = _model(), _predict(_model())
    noisy = np.where((frames == -1)[..., None], np.float32(3), poses)
    np.testing.assert_allclose(_run(model, noisy, frames, target), expected, atol=1e-6)
    longer = np.pad(poses, ((0, 0), (4, 0), (0, 0))), np.pad(frames, ((0, 0), (4, 0)), constant_values=-1)
    np.testing.assert_allclose(_run(model, *longer, target), expected, atol=5e-5)  # rounding


def test_sightings_beyond_the_length_of_the_network_are_the_oldest_and_do_not_count() -> None:
    poses, model = golden_poses()[0][:1, :4], _model()
    long = _run(model, poses, np.array([[0, 5, 124, 140]]), np.array([[150]]))
    kept = _run(model, poses[:, 2:], np.array([[108, 124]]), np.array([[124]]))
    np.testing.assert_allclose(long, kept, atol=5e-5)


def test_every_published_tensor_is_either_used_or_named_as_ignored() -> None:
    weights = golden_weights(NAME)
    used = expected_shapes(sizes_of(weights, CHOSEN))
    rest = {name for name in weights if name not in used}
    assert set(used) < set(weights)
    assert {name.split(".")[1] for name in rest} == {
        "transformer",
        "class_token",
        "pos_embedding",
        "pe",
        "action_head_ava",
    }
    assert len(IGNORED) == 5


@pytest.mark.parametrize(
    ("name", "value", "chosen", "error"),
    [
        ("encoder.pose_shape_encoder.0.bias", None, CHOSEN, MissingTensorError),
        ("encoder.pos_embedding_learned1", None, CHOSEN, MissingTensorError),
        ("encoder.transformer3.weight", torch.zeros(2), CHOSEN, UnexpectedTensorError),
        ("encoder.mask_token", torch.zeros(33), CHOSEN, TensorShapeError),
        ("encoder.mask_token", torch.zeros(32), ChosenSizes(5, 5, 1), TensorShapeError),
        ("encoder.mask_token", torch.zeros(32), ChosenSizes(3, 4, 1), TensorShapeError),
    ],
)
def test_deviating_checkpoint_is_refused(
    name: str, value: torch.Tensor | None, chosen: ChosenSizes, error: type[Exception]
) -> None:
    weights = golden_weights(NAME)
    if value is None:
        del weights[name]
    else:
        weights[name] = value
    with pytest.raises(error):
        _build(weights, chosen)


@pytest.mark.parametrize(
    ("text", "message", "error"),
    [
        (None, "not there", MissingFileError),
        ("configs: {transformer: {heads: 3}}", r"configs\.transformer\.conv\.stride", UnreadableFileError),
        ("configs: {transformer: {heads: many}}", "got 'many'", UnreadableFileError),
        ("- a list", r"configs\.transformer\.heads", UnreadableFileError),
        ("configs: [", "expected YAML", UnreadableFileError),
    ],
)
def test_yaml_that_lacks_a_size(tmp_path: Path, text: str | None, message: str, error: type[Exception]) -> None:
    if text is not None:
        (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(error, match=message):
        read_chosen_sizes(tmp_path / "c.yaml")


@pytest.mark.parametrize("pickled", [False, True])
def test_statistics_in_both_layouts_of_the_file(tmp_path: Path, pickled: bool) -> None:
    numbers = golden(NAME)["mean_std"]
    content = np.empty(2, object) if pickled else numbers
    if pickled:
        content[:] = [numbers[0], numbers[1]]
    np.save(tmp_path / "mean_std.npy", content, allow_pickle=True)
    normalisation = read_normalisation(tmp_path / "mean_std.npy")
    np.testing.assert_allclose(normalisation.mean, np.pad(numbers[0, 0], (0, 3)), rtol=1e-6)
    np.testing.assert_allclose(normalisation.deviation, np.pad(numbers[1, 0], (0, 3), constant_values=1), rtol=1e-6)


def test_statistics_of_another_shape_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "mean_std.npy", np.zeros((3, 1, 226)))
    with pytest.raises(TensorShapeError, match="got 3 arrays"):
        read_normalisation(tmp_path / "mean_std.npy")


def test_torchscript_predicts_as_the_module_does_whatever_the_length_of_the_histories(tmp_path: Path) -> None:
    graph = served(_model())
    assert all(row.passed for row in write_version(graph, tmp_path, Format.TORCHSCRIPT))
    poses, frames, target = golden_poses()
    exported = ExportedFile(tmp_path / NAME / "1" / "model.pt", graph)
    for first in (0, poses.shape[1] - 1):
        inputs = {"poses": poses[:, first:], "frames": frames[:, first:], "target": target}
        expected = _run(_model(), inputs["poses"], inputs["frames"], target)
        np.testing.assert_allclose(exported.run(inputs)["pose"], expected, atol=5e-4)
