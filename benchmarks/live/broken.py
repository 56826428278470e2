"""What happens when the camera is killed again and again, and when a stream runs for long."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from benchmarks.live.camera import camera, encode_loop, images_of
from benchmarks.live.glass_to_json import VIEWS
from harness.clips import SAMPLE
from harness.ports import free_port
from harness.rtsp.server import RtspServer
from tracker_service.settings import Settings
from tracker_service.wiring.live import live_run

_SIZE, _RATE = (640, 360), 30.0
_UP_SECONDS = 4.0
_STILL_FRAMES = 1
_FRAMES = 300
"""Of the still scene: longer than the camera is up."""
_MIB = 1024 * 1024


@dataclass(frozen=True)
class BreakableCamera:
    """A camera that can be started and killed.

    Attributes:
        kind: what it speaks.
        url: where it is while it runs.
        running: starts it, and kills it at the end of the context.
    """

    kind: str
    url: str
    running: Callable[[], AbstractContextManager[object]]


def http_camera(folder: Path) -> BreakableCamera:
    """Return a camera that sends a still scene as MPEG-TS over HTTP."""
    loop, port, began = _still_scene(folder / "loop.ts"), free_port(), time.time()
    return BreakableCamera("MPEG-TS over HTTP", f"http://127.0.0.1:{port}/", partial(camera, loop, _RATE, port, began))


def rtsp_camera(folder: Path) -> BreakableCamera:
    """Return GStreamer's RTSP server with a still scene; raises `RtspUnavailableError`."""
    server = RtspServer(_still_scene(folder / "loop.mp4"))
    return BreakableCamera("H.264 over RTSP (GStreamer)", server.url, lambda: server)


def _still_scene(target: Path) -> Path:
    images = images_of(SAMPLE, _SIZE, VIEWS[1].box, _STILL_FRAMES)
    return encode_loop(target, images, _RATE, _FRAMES)


def kills(settings: Settings, times: int, away: float, made: Callable[[Path], BreakableCamera]) -> dict[str, Any]:
    """Return what became of the people of a still scene whose camera is killed, ``away`` seconds each time."""
    with tempfile.TemporaryDirectory() as folder:
        breakable = made(Path(folder))
        over: list[bool] = []

        def kill_and_start() -> None:
            for _ in range(times):
                with breakable.running():
                    time.sleep(_UP_SECONDS)
                time.sleep(away)
            with breakable.running():
                time.sleep(_UP_SECONDS)
                over.append(True)
                time.sleep(_UP_SECONDS)
            run.close()  # also where no frame came at the end

        killing = Thread(target=kill_and_start)
        with breakable.running():
            context = live_run(settings, breakable.url)
            opened = context.__enter__()
            run, source = opened.run, opened.source
        killing.start()
        ids: Counter[int] = Counter()
        gaps = []
        last = None
        for frame in run:
            ids.update(person.track_id for person in frame.result.persons)
            if last is not None and frame.result.timestamp - last > 0.5:
                gaps.append(frame.result.timestamp - last)
            last = frame.result.timestamp
            if over:
                break
        reconnections = source.reconnections
        context.__exit__(None, None, None)
        killing.join()
    return {
        "camera": breakable.kind,
        "kills": times,
        "connected again": reconnections,
        "longest gap s": max(gaps, default=0.0),
        "people": sum(count > 10 for count in ids.values()),
        "identities": len(ids),
    }


def memory(settings: Settings, minutes: float) -> list[dict[str, Any]]:
    """Return the resident memory of this process at ten moments of a stream at 720p30."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        images = images_of(SAMPLE, (1280, 720), VIEWS[1].box, 240)
        loop = encode_loop(Path(folder) / "loop.ts", images, 30.0, 240)
        del images
        port, began = free_port(), time.time()
        with camera(loop, 30.0, port, began), live_run(settings, f"http://127.0.0.1:{port}/") as opened:
            run = opened.run
            start, process = time.monotonic(), psutil.Process()
            for _ in run:
                passed = (time.monotonic() - start) / 60
                if passed * 10 >= minutes * (len(rows) + 1):
                    resident = process.memory_info().rss / _MIB
                    rows.append({"minutes": passed, "MiB": resident, "computed": run.counts.computed})
                if len(rows) == 10:
                    return rows
    return rows
