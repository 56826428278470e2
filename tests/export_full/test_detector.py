"""Detectors of the transformers library, tiny and random: decoding, export, and what is refused."""

import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from export.choices import Format, Precision
from export.detector.graph import load, nearest_box, served
from export.detector.loading import load_detector
from export.detector.model import PersonDetector
from export.errors import MissingFileError
from export.graphs.model_version import write_version
from export.graphs.parity import table
from export.graphs.samples import pictures
from tracker_service.errors import ExportError
from tracker_service.inference.embedded import EmbeddedClient

SIZE = 128


def _tiny(kind: str, folder: Path) -> Path:
    """Write a small random network as the library writes trained ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers: Any = import_module("transformers")
        labels = {0: "car", 1: "person", 2: "dog"}
        common = {
            "encoder_in_channels": [16, 32, 64],
            "encoder_hidden_dim": 32,
            "d_model": 32,
            "encoder_ffn_dim": 32,
            "decoder_ffn_dim": 32,
            "num_queries": 336,  # every anchor: with random weights rounding would decide who is left out
            "decoder_layers": 2,
            "decoder_attention_heads": 4,
            "encoder_attention_heads": 4,
            "decoder_in_channels": [32, 32, 32],
            "id2label": labels,
            "label2id": {name: index for index, name in labels.items()},
        }
        stages = {"hidden_sizes": [8, 16, 32, 64], "out_features": ["stage2", "stage3", "stage4"]}
        backbone = transformers.RTDetrResNetConfig(embedding_size=8, depths=[1, 1, 1, 1], layer_type="basic", **stages)
        if kind == "d_fine":
            config = transformers.DFineConfig(backbone_config=backbone, **common)
            network = transformers.DFineForObjectDetection(config)
        else:
            config = transformers.RTDetrV2Config(backbone_config=backbone, **common)
            network = transformers.RTDetrV2ForObjectDetection(config)
        generator = torch.Generator().manual_seed(0)
        for parameter in network.parameters():  # the library's own start gives all anchors the same score
            parameter.data += 0.08 * torch.randn(parameter.shape, generator=generator)
        network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def rt_detr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _tiny("rt_detr_v2", tmp_path_factory.mktemp("rt_detr"))


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


def test_exported_detector_agrees_with_the_library(tmp_path: Path, rt_detr: Path) -> None:
    rows = write_version(load(str(rt_detr), SIZE), tmp_path / "repository")
    assert all(row.passed for row in rows), table(rows)
    client = EmbeddedClient(tmp_path / "repository", threads=1)
    images = pictures(3, SIZE, SIZE, np.random.default_rng(0))
    got = client.infer("detector", {"images": images}, ["boxes", "scores"])
    client.close()
    assert got["boxes"].shape == (3, 100, 4)
    assert (np.diff(got["scores"], axis=1) <= 0).all()
    assert np.ptp(got["scores"]) > 1e-5
    assert got["boxes"].min() >= 0
    assert got["boxes"].max() <= SIZE
    boxes, scores = load_detector(str(rt_detr))(torch.from_numpy(images))
    np.testing.assert_allclose(got["scores"], scores, atol=1e-4)
    assert nearest_box(boxes.numpy(), got["boxes"]).max() < 0.1


def test_d_fine_is_exported_too(tmp_path: Path) -> None:
    source = _tiny("d_fine", tmp_path / "d_fine")
    # Traced, which takes a tenth of the time that the ONNX export of this network takes.
    rows = write_version(load(str(source), SIZE), tmp_path / "repository", Format.TORCHSCRIPT, Precision.FP32)
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
