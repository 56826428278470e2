"""Detectors of the transformers library, tiny and random: decoding, export, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from export.detector.graph import load, served
from export.detector.loading import load_detector
from export.detector.model import PersonDetector
from export.errors import MissingFileError
from export.graphs.choices import Format, Precision
from export.graphs.model_version import read_record, write_version
from export.graphs.parity import table
from export.graphs.samples import pictures
from export.graphs.torchscript import constant_devices, load_torchscript
from tests.export.tiny_detector import SIZE, compared, tiny_detector
from tracker_service.errors import ExportError


@pytest.fixture(scope="module")
def rt_detr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_detector("rt_detr_v2", tmp_path_factory.mktemp("rt_detr"))


class _Scripted(nn.Module):
    """Answers fixed logits and boxes."""

    def __init__(self, logits: torch.Tensor, boxes: torch.Tensor) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.answer = type("Answer", (), {"logits": logits, "pred_boxes": boxes})()
        self.seen = torch.zeros(0)

    def forward(self, pixel_values: torch.Tensor, *, return_dict: bool) -> object:
        assert return_dict
        self.seen = pixel_values
        return self.answer


def test_people_are_decoded_best_first_clipped_and_padded() -> None:
    logits = torch.tensor([[[9.0, -1.0], [-9.0, 2.0], [0.0, 0.0]]])
    boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.4], [0.25, 0.5, 0.5, 0.5], [0.95, 0.9, 0.2, 0.4]]])
    network = _Scripted(logits, boxes)
    images = torch.full((1, 100, 200, 3), 51, dtype=torch.uint8)
    found, scores = PersonDetector(network, person=1)(images)
    assert found.shape == (1, 100, 4)
    np.testing.assert_allclose(scores[0, :4], [0.880797, 0.5, 0.268941, 0], atol=1e-6)
    expected = [[0, 25, 100, 75], [170, 70, 200, 100], [80, 30, 120, 70], [0, 0, 0, 0]]
    np.testing.assert_allclose(found[0, :4], expected, atol=1e-4)
    assert network.seen.shape == (1, 3, 100, 200)
    assert float(network.seen.max()) == pytest.approx(0.2)


@pytest.fixture(scope="module")
def d_fine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_detector("d_fine", tmp_path_factory.mktemp("d_fine"))


def test_exported_detector_agrees_with_the_library_in_half_precision(tmp_path: Path, rt_detr: Path) -> None:
    """In full precision: `full_set/test_exports.py`."""
    rows = write_version(load(str(rt_detr), SIZE), tmp_path / "repository", precision=Precision.FP16)
    assert all(row.passed for row in rows), table(rows)
    assert read_record(tmp_path / "repository" / "detector" / "1")["model.onnx"]["on_cpu"] == []
    comparison = compared(tmp_path / "repository", str(rt_detr))
    np.testing.assert_allclose(comparison.scores, comparison.library_scores, atol=1e-3)
    # Rounding decides which of many nearly equal scores of a random network are among the best 100.
    assert np.quantile(comparison.distances, 0.95) < 0.5


@pytest.mark.parametrize("kind", ["rt_detr", "d_fine"])
def test_traced_detector_agrees_with_the_library(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    rows = write_version(load(str(request.getfixturevalue(kind)), SIZE), tmp_path, Format.TORCHSCRIPT)
    assert {row.file for row in rows} == {"model.pt"}
    assert constant_devices(load_torchscript(tmp_path / "detector" / "1" / "model.pt")) == ()
    assert all(row.passed for row in rows), table(rows)


def test_half_precision_casts_the_network_and_decodes_in_full(rt_detr: Path) -> None:
    graph = served(load_detector(str(rt_detr)), SIZE)
    assert graph.lower is not None
    graph.lower(graph.module, torch.float16)
    assert {parameter.dtype for parameter in graph.module.parameters()} == {torch.float16}
    boxes, scores = graph.module(torch.from_numpy(pictures(1, SIZE, SIZE, np.random.default_rng(0))))
    assert boxes.dtype == scores.dtype == torch.float32


def test_folder_without_weights_is_refused(tmp_path: Path, rt_detr: Path) -> None:
    (tmp_path / "config.json").write_text((rt_detr / "config.json").read_text())
    with pytest.raises(MissingFileError, match=r"model\.safetensors, which is not there"):
        load_detector(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", {"id2label": {"0": "car", "1": "pedestrian", "2": "dog"}}, "expected a class 'person'"),
        ("config.json", {"model_type": "detr"}, "expected one of rt_detr, rt_detr_v2, d_fine, got detr"),
        ("preprocessor_config.json", {"do_normalize": True}, "got one with normalisation"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_model_of_another_kind_is_refused(
    tmp_path: Path, rt_detr: Path, file: str, change: dict[str, object], message: str
) -> None:
    for path in rt_detr.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    original = json.loads((rt_detr / file).read_text()) if (rt_detr / file).is_file() else {}
    (tmp_path / file).write_text(json.dumps(original | change))
    with pytest.raises(ExportError, match=message):
        load_detector(str(tmp_path))
