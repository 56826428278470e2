"""Parity of the networks beside HMR2, eager on the device, with random weights.

The detector is not among them: with random weights rounding decides which of its anchors count.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.gpu_check.comparison import on_device, outputs_of, parity_rows
from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.networks import DTYPES
from benchmarks.gpu_check.timing import device, in_full_precision
from benchmarks.gpu_check.torch_runs import lower_precisions
from export.appearance import graph as appearance_graph
from export.appearance.encoder import ATLAS_SIZE, AppearanceEncoder
from export.appearance.model import Appearance
from export.appearance.texture import Atlas, TextureSampler
from export.body.body_model import BodyModel
from export.graphs.served_graph import ServedGraph
from export.pose_predictor import graph as pose_graph
from export.pose_predictor.model import PoseNormalisation, PoseTransformer
from export.pose_predictor.sizes import PUBLISHED
from tracker_service.types import POSE_SIZE

_BODY = Path(__file__).resolve().parents[2] / "model_repository" / "hmr_lite" / "body_model.npz"
_CORNERS = np.array([[3, 1, 1], [1, 3, 1], [1, 1, 3], [5 / 3, 5 / 3, 5 / 3]]) / 5
_ROWS = 3
_SPREAD = 0.5


def other_networks(findings: Findings) -> None:
    """Compare each network in each precision with itself in FP32 on the CPU."""
    in_full_precision()
    for make in (appearance, pose_predictor):
        for precision in ("FP32", *lower_precisions()):
            with findings.unless_it_fails(f"{make.__name__}, {precision}, parity"), torch.inference_mode():
                _compare(make, precision, findings)
    findings.missing("detector, parity", "with random weights rounding decides which of its anchors count")


def _compare(make: Callable[[], ServedGraph], precision: str, findings: Findings) -> None:
    graph = make()
    inputs = graph.sample(_ROWS, np.random.default_rng(0))
    expected = graph.run(inputs)
    if precision != "FP32" and graph.lower is not None:
        graph.lower(graph.module, DTYPES[precision])
    graph.module.to(device())
    got = outputs_of(graph, graph.module(*on_device(inputs, graph, device())))
    for row in parity_rows(graph, f"eager {precision}", precision, expected, got):
        findings.add("parity", row)


def appearance() -> ServedGraph:
    """Return the appearance network with an atlas that shows every face of the body in four texels."""
    torch.manual_seed(0)
    body = BodyModel.read(_BODY)
    rows, columns = np.mgrid[0:ATLAS_SIZE, 0:ATLAS_SIZE]
    cell = (rows // 2) * (ATLAS_SIZE // 2) + columns // 2
    face = np.where(cell < len(body.faces), cell, -1)
    atlas = Atlas(face, _CORNERS[(rows % 2) * 2 + columns % 2])
    module = Appearance(TextureSampler(body.faces.astype(np.int64), atlas), AppearanceEncoder())
    return appearance_graph.served(module.eval().requires_grad_(requires_grad=False), body)


def pose_predictor() -> ServedGraph:
    """Return the pose predictor at its usual size."""
    torch.manual_seed(0)
    module = PoseTransformer(PUBLISHED, PoseNormalisation(np.zeros(POSE_SIZE), np.ones(POSE_SIZE)))
    for values in (module.mask_token, module.position1, module.position2, module.body.initial):
        nn.init.normal_(values, std=_SPREAD)
    return pose_graph.served(module.eval().requires_grad_(requires_grad=False))
