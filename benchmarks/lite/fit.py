"""How well the lite body sits on the people, and how long it takes: ``python -m benchmarks.lite.fit VIDEO ...``.

For every person found, the body's landmarks are projected with the model's own camera and compared with the landmarks
that BlazePose marks in the crop. That measures the fit of body and camera, not BlazePose itself.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from benchmarks.lite.detector import read_frames
from export.lite.hmr.blazepose import FITTED
from export.lite.hmr.build import read_tables
from export.lite.hmr.graph import IMAGE_TRUST, OBSERVED
from export.lite.hmr.reference import fit_body
from export.lite.hmr.tables import BodyTables
from export.lite.onnx.graph_builder import revealing
from harness.tables import Report, add_json_option
from tracker_service.people.boxes import squares
from tracker_service.people.cameras import project_to_crop
from tracker_service.people.crops import crop
from tracker_service.people.letterbox import letterbox
from tracker_service.types import Float64, UInt8

_REPOSITORY = Path(__file__).resolve().parents[2] / "model_repository"
_SCORE, _PRESENCE, _MARGIN = 0.40, 0.5, 1.25
_BATCHES = (1, 2, 4, 8)
_RUNS = 40
_FIT = {
    "video": "video",
    "people": "people",
    "mean": "mean, px",
    "median": "median, px",
    "percent": "mean, % of the person's height",
}
_SPEED = {"batch": "batch", "detector": "detector, ms", "body": "body, ms"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="*")
    parser.add_argument("--step", type=int, default=5, help="take every n-th frame")
    parser.add_argument("--threads", type=int, default=2)
    add_json_option(parser)
    arguments = parser.parse_args()
    report = Report("benchmarks.lite.fit", arguments.json)
    detector = _session(onnx.load(_REPOSITORY / "detector_lite/1/model.onnx"), arguments.threads)
    model = onnx.load(_REPOSITORY / "hmr_lite/1/model.onnx")
    body = _session(revealing(model, OBSERVED), arguments.threads)
    tables = read_tables(_REPOSITORY / "hmr_lite/body_model.npz")
    if arguments.videos:
        rows = [_fit(video, arguments.step, detector, body, tables) for video in arguments.videos]
        report.add("fit", "Landmarks of the body against those of BlazePose, in a crop of 256 pixels", _FIT, rows)
    speed = _speed(detector, _session(model, arguments.threads))
    report.add("speed", f"Milliseconds a batch, {arguments.threads} threads", _SPEED, speed)


def _fit(
    video: Path,
    step: int,
    detector: onnxruntime.InferenceSession,
    body: onnxruntime.InferenceSession,
    tables: BodyTables,
) -> dict[str, Any]:
    crops = [found for frame in read_frames(video, step).values() for found in people(frame, detector)]
    pixels, heights = errors(np.stack(crops), body, tables)
    return {
        "video": video.stem,
        "people": len(pixels),
        "mean": float(np.nanmean(pixels)),
        "median": float(np.nanmedian(pixels)),
        "percent": float(100 * np.nanmean(pixels / heights[:, None])),
    }


def _speed(detector: onnxruntime.InferenceSession, body: onnxruntime.InferenceSession) -> list[dict[str, Any]]:
    return [
        {
            "batch": batch,
            "detector": _milliseconds(detector, images=np.zeros((batch, 416, 416, 3), np.uint8)),
            "body": _milliseconds(body, crops=np.zeros((batch, 256, 256, 3), np.uint8)),
        }
        for batch in _BATCHES
    ]


def people(frame: UInt8, detector: onnxruntime.InferenceSession) -> UInt8:
    """Return the crops (n, 256, 256, 3) of the people in a frame."""
    canvas, place = letterbox(frame, (416, 416))
    boxes, scores = detector.run(["boxes", "scores"], {"images": canvas[None]})
    found = place.boxes_to_source(boxes[0][scores[0] >= _SCORE])
    return crop(frame, squares(found, margin=_MARGIN, aspect=None))


def errors(crops: UInt8, body: onnxruntime.InferenceSession, tables: BodyTables) -> tuple[Float64, Float64]:
    """Return distances (n, 15) of limbs and face in crop pixels, NaN where unseen, and heights (n,) of the people."""
    distances, heights = [], []
    for image in crops:
        outputs = body.run([*OBSERVED, "presence", "pred_cam"], {"crops": image[None]})
        world, pixels, visibility, presence, camera = (value[0].astype(np.float64) for value in outputs)
        if presence[0] < _PRESENCE:
            continue
        posed = fit_body(world, pixels, visibility[:, 0], tables, IMAGE_TRUST).landmarks
        distance = np.linalg.norm(project_to_crop(posed[None], camera[None])[0] - pixels, axis=1)
        distances.append(np.where(visibility[:, 0] > 0, distance, np.nan)[list(FITTED)])
        heights.append(np.ptp(pixels, axis=0).max())
    return np.array(distances), np.array(heights)


def _session(model: onnx.ModelProto, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def _milliseconds(session: onnxruntime.InferenceSession, **inputs: UInt8) -> float:
    """Return the median time of a run."""
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        session.run(None, inputs)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))


if __name__ == "__main__":
    main()
