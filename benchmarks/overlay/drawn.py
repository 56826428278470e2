"""Draws the overlay of a tracked video again and again and says what that took, as one line of JSON.

Runs as a process of its own, ``python benchmarks/overlay/drawn.py VIDEO PICTURES``, so that PYTHONPATH chooses whose
`tracker_service` draws; it uses nothing of it that is new. All figures are CPU time of this process on one thread,
which other work on the machine lengthens less than wall time.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.library.tracked_video import track
from tracker_service.settings import load_settings
from tracker_service.types import FrameResult, UInt8
from tracker_service.video.writer import VideoWriter
from tracker_service.wiring.models import load_body

EVERY = 5
"""Every so manieth frame is drawn."""
PASSES = 5
_BARE = OverlayStyle(boxes=False, skeleton=False, stamp=False, mesh_opacity=1.0)


def main(video: str, pictures: str) -> None:
    """Measure, keep the pictures and the bare bodies, and print."""
    results = [result for result in track(video) if result.frame_number % EVERY == 0]
    images = _images(video)[::EVERY]
    cv2.setNumThreads(1)
    body = load_body(load_settings())
    started = time.process_time()
    _draw(images[:1], results[:1], body)
    first = time.process_time() - started
    passes = [_timed(images, results, body) for _ in range(PASSES)]
    drawn = _draw(images, results, body)
    black = [np.zeros_like(image) for image in images]
    bodies = [draw_overlay(*pair, body=body, style=_BARE) for pair in zip(black, results, strict=True)]
    np.savez(pictures, drawn=np.stack(drawn), bodies=np.stack(bodies))
    figures = {
        "people": sum(len(result.persons) for result in results) / len(results),
        "ms": min(passes),
        "first_ms": 1000 * first,
        "encoding_ms": _encoding(drawn),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _images(video: str) -> list[UInt8]:
    with av.open(video) as container:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]


def _draw(images: Sequence[UInt8], results: Sequence[FrameResult], body: BodyModel) -> list[UInt8]:
    return [draw_overlay(image, result, body=body) for image, result in zip(images, results, strict=True)]


def _timed(images: Sequence[UInt8], results: Sequence[FrameResult], body: BodyModel) -> float:
    started = time.process_time()
    _draw(images, results, body)
    return 1000 * (time.process_time() - started) / len(images)


def _encoding(pictures: Sequence[UInt8]) -> float:
    """Return the CPU milliseconds a frame that writing the pictures as a video takes."""
    height, width = pictures[0].shape[:2]
    options: dict[str, Any] = {"threads": 1}
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        with VideoWriter(Path(folder) / "overlay.mp4", width, height, 25, **options) as writer:
            for picture in pictures:
                writer.write(picture)
        return 1000 * (time.process_time() - started) / len(pictures)


if __name__ == "__main__":
    main(*sys.argv[1:])
