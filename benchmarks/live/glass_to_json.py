"""Seconds from the moment a frame was shown to its line of JSON."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live.camera import camera, encode_loop, images_of, read_stamp
from harness.clips import SAMPLE
from harness.ports import free_port
from tracker_service.live.live_frame_result import live_line
from tracker_service.settings import Settings
from tracker_service.wiring.live import live_run

_LOOP_FRAMES = 240
_WARM_SECONDS = 3.0
_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class View:
    """A part of the sample (left, top, right, bottom; 0 to 1) and its first frames, with so many people in them."""

    people: int
    box: tuple[float, float, float, float]
    frames: int


# By the sample's truth nobody enters or leaves these parts in these frames; twice as many divide the loop.
VIEWS = (View(1, (0.0, 0.32, 0.44, 0.76), 30), View(3, (0.0, 0.0, 1.0, 1.0), 60))


def measured(settings: Settings, view: View, size: tuple[int, int], rate: float, seconds: float) -> dict[str, Any]:
    """Return the figures of one camera, followed for some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        images = images_of(SAMPLE, size, view.box, view.frames)
        images += images[::-1]  # forwards and backwards, so that nobody jumps
        loop = encode_loop(Path(folder) / "loop.ts", images, rate, _LOOP_FRAMES)
        del images
        port, began = free_port(), time.time()
        with camera(loop, rate, port, began):
            return _followed(settings, f"http://127.0.0.1:{port}/", rate, began, seconds)


def _followed(settings: Settings, url: str, rate: float, began: float, seconds: float) -> dict[str, Any]:
    latencies, people = [], []
    with live_run(settings, url, keep_pictures=True) as opened:
        run, source = opened.run, opened.source
        start = time.monotonic()
        for frame in run:
            live_line(frame)
            now = time.time()
            if time.monotonic() - start > _WARM_SECONDS and frame.picture is not None:
                latencies.append(now - _shown(frame.picture.pixels()[:, :, :], now, rate, began))
                people.append(len(frame.result.persons))
            if time.monotonic() - start > _WARM_SECONDS + seconds:
                break
        run.close()
        counts, reconnections = run.counts, source.reconnections
    fifty, ninety_nine = np.percentile(np.array(latencies) * _MILLISECONDS, [50, 99])
    return {
        "people": float(np.mean(people)),
        "p50 ms": float(fifty),
        "p99 ms": float(ninety_nine),
        "arrived": counts.arrived,
        "computed": counts.computed,
        "skipped": counts.skipped,
        "computed a second": len(latencies) / seconds,
        "connected again": reconnections,
    }


def _shown(image: Any, now: float, rate: float, began: float) -> float:
    """Return when a frame was shown; its number counts within a loop, which is longer than any latency."""
    newest = int((now - began) * rate)
    behind = (newest - read_stamp(image)) % _LOOP_FRAMES
    return began + (newest - behind) / rate
