"""Small random detectors, written as the transformers library writes trained ones."""

import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.detector.loading import load_detector
from export.graphs.samples import pictures
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.verification.measures import nearest_box
from tracker_service.types import Float32, Float64

SIZE = 128
"""Side of the frames they are exported for, pixels."""


def tiny_detector(kind: str, folder: Path) -> Path:
    """Write a random network of ``kind`` (rt_detr_v2 or d_fine) into ``folder``."""
    with warnings.catch_warnings(), torch.random.fork_rng():
        torch.manual_seed(0)  # the library draws, too; now and then a network ranks its anchors by rounding alone
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
            # Each bin is six operators of the graph, and each frozen normalisation ten: those are in the other network.
            small = {"depth_mult": 0.34, "max_num_bins": 4, "freeze_backbone_batch_norms": False}
            config = transformers.DFineConfig(backbone_config=backbone, **small, **common)
            network = transformers.DFineForObjectDetection(config)
        else:
            config = transformers.RTDetrV2Config(backbone_config=backbone, **common)
            network = transformers.RTDetrV2ForObjectDetection(config)
        generator = torch.Generator().manual_seed(0)
        for parameter in network.parameters():  # the library's own start gives all anchors the same score
            parameter.data += 0.08 * torch.randn(parameter.shape, generator=generator)
        network.save_pretrained(folder)
    return folder


@dataclass(frozen=True, slots=True)
class Comparison:
    """An exported detector and its library, on three pictures.

    Attributes:
        scores, library_scores: (3, 100), best first.
        distances: of each box to the nearest one of the library, pixels.
    """

    scores: Float32
    library_scores: Float32
    distances: Float64


def compared(repository: Path, source: str) -> Comparison:
    """Run the exported detector of a repository and the network of the library in ``source``."""
    client = EmbeddedClient(repository, threads=1)
    images = pictures(3, SIZE, SIZE, np.random.default_rng(0))
    got = client.infer("detector", {"images": images}, ["boxes", "scores"])
    client.close()
    assert got["boxes"].shape == (3, 100, 4)
    assert (np.diff(got["scores"], axis=1) <= 0).all()
    assert np.ptp(got["scores"]) > 1e-5
    assert got["boxes"].min() >= 0
    assert got["boxes"].max() <= SIZE
    boxes, scores = load_detector(source)(torch.from_numpy(images))
    return Comparison(got["scores"], scores.numpy(), nearest_box(boxes.numpy(), got["boxes"]))
