"""The lite detector against ground-truth boxes: ``python -m benchmarks.lite.detector VIDEO GT [--size 416 ...]``.

GT is a MOT text file (frame, id, x, y, width, height, confidence; from 1); boxes with confidence 0 neither count as
missed nor as false alarms. The network is fetched as by ``python -m export lite``, so that other sizes can be compared.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime

from export.lite.converters.tensorflow_js.model import GraphModel
from export.lite.detector.graph import DetectorOptions, build_detector
from export.lite.detector.nanodet import read_nanodet
from export.lite.detector.reference import overlaps
from export.lite.packages import fetch
from export.lite.sources import NANODET, default_cache
from harness.tables import Report, add_json_option
from tracker_service.people.letterbox import letterbox
from tracker_service.types import Bool, Float64, UInt8

THRESHOLDS = (0.30, 0.35, 0.40, 0.45)
_MATCH = 0.5
_COLUMNS = {
    "size": "input, pixels",
    "iou": "IoU of duplicates",
    "AP50": "AP50",
    "ms": "ms",
    "at 0.3": "precision / recall at score 0.30",
    "at 0.4": "precision / recall at score 0.40",
}


@dataclass(frozen=True, slots=True)
class Truth:
    """Boxes (n, 4) x1 y1 x2 y2 of one frame, and which of them count."""

    boxes: Float64
    counts: Bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All boxes of a video, best score first: scores (n,), which are right (n,), and how many there should be."""

    scores: Float64
    right: Bool
    people: int

    def average_precision(self) -> float:
        """Return the area under the interpolated precision-recall curve."""
        precision = np.maximum.accumulate(self.precision()[::-1])[::-1]
        return float(np.sum(np.diff(self.recall(), prepend=0) * precision))

    def precision(self) -> Float64:
        """Return the precision down to each box."""
        return np.asarray(np.cumsum(self.right) / np.arange(1, len(self.right) + 1))

    def recall(self) -> Float64:
        """Return the recall down to each box."""
        return np.asarray(np.cumsum(self.right) / self.people)

    def at(self, threshold: float) -> tuple[float, float]:
        """Return precision and recall of the boxes with at least this score."""
        last = int((self.scores >= threshold).sum()) - 1
        return float(self.precision()[last]), float(self.recall()[last])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("ground_truth", type=Path)
    parser.add_argument("--size", type=int, nargs="+", default=[320, 416, 512])
    parser.add_argument("--iou", type=float, nargs="+", default=[0.5])
    parser.add_argument("--step", type=int, default=3, help="take every n-th frame")
    parser.add_argument("--threads", type=int, default=2)
    add_json_option(parser)
    arguments = parser.parse_args()
    network = read_nanodet(fetch(NANODET, default_cache()) / "nanodet.json")
    truth = read_truth(arguments.ground_truth)
    frames = read_frames(arguments.video, arguments.step)
    rows = [
        _row(network, DetectorOptions(size=size, iou=iou), frames, truth, arguments.threads)
        for size in arguments.size
        for iou in arguments.iou
    ]
    Report("benchmarks.lite.detector", arguments.json).add(
        "detector", f"The lite detector on {arguments.video.stem}, {len(frames)} frames", _COLUMNS, rows
    )


def _row(
    network: GraphModel, options: DetectorOptions, frames: dict[int, UInt8], truth: dict[int, Truth], threads: int
) -> dict[str, Any]:
    verdicts, milliseconds = measure(network, options, frames, truth, threads)
    rates = {f"at {threshold}": "{:.3f} / {:.3f}".format(*verdicts.at(threshold)) for threshold in THRESHOLDS}
    return {
        "size": options.size,
        "iou": options.iou,
        "AP50": verdicts.average_precision(),
        "ms": milliseconds,
        **rates,
    }


def read_truth(path: Path) -> dict[int, Truth]:
    """Return the boxes by frame number, from 1."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    truth = {}
    for frame in np.unique(rows[:, 0]):
        x, y, width, height, confidence = rows[rows[:, 0] == frame, 2:7].T
        truth[int(frame)] = Truth(np.stack([x - 1, y - 1, x - 1 + width, y - 1 + height], axis=1), confidence > 0)
    return truth


def read_frames(path: Path, step: int) -> dict[int, UInt8]:
    """Return every ``step``-th frame as RGB by number, from 1."""
    with av.open(str(path)) as container:
        return {
            number: frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            for number, frame in enumerate(container.decode(video=0), start=1)
            if number % step == 0
        }


def measure(
    network: GraphModel, options: DetectorOptions, frames: dict[int, UInt8], truth: dict[int, Truth], threads: int
) -> tuple[Verdicts, float]:
    """Return the verdicts on all boxes and the median milliseconds a frame."""
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = threads
    session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = build_detector(network, options).SerializeToString()
    session = onnxruntime.InferenceSession(model, session_options)
    scores, right, people, times = [], [], 0, []
    for number, frame in frames.items():
        canvas, place = letterbox(frame, (options.size, options.size))
        start = time.perf_counter()
        boxes, found = session.run(["boxes", "scores"], {"images": canvas[None]})
        times.append(1000 * (time.perf_counter() - start))
        real = found[0] > 0
        wanted = truth.get(number, Truth(np.zeros((0, 4)), np.zeros(0, np.bool_)))
        for score, verdict in judge(place.boxes_to_source(boxes[0][real]).astype(np.float64), found[0][real], wanted):
            scores.append(score)
            right.append(verdict)
        people += int(wanted.counts.sum())
    order = np.argsort(-np.array(scores), kind="stable")
    return Verdicts(np.array(scores)[order], np.array(right)[order], people), float(np.median(times))


def judge(boxes: Float64, scores: Float64, truth: Truth) -> list[tuple[float, bool]]:
    """Match boxes, best first, to the truth they overlap most; boxes on truth that does not count are left out."""
    free = np.ones(len(truth.boxes), np.bool_)
    verdicts = []
    for box, score in zip(boxes, scores, strict=True):
        fit = np.where(free, overlaps(box, truth.boxes), 0) + truth.counts * (free * 1e-9)
        best = int(fit.argmax()) if len(fit) else -1
        if best >= 0 and fit[best] >= _MATCH:
            free[best] = False
            if truth.counts[best]:
                verdicts.append((float(score), True))
        else:
            verdicts.append((float(score), False))
    return verdicts


if __name__ == "__main__":
    main()
