"""How long a client waits for the first frame of a video that it has posted."""

import http.client
import json
import shutil
import time
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.client_behaviour.footage import SAMPLE
from harness.running_service import RunningService
from tracker_service.jobs.queue.store_parameters import StoreParameters

_PAUSE_SECONDS = 6.0
"""Between two videos, in which a worker is started for the next one."""
_SETTING = "standby_worker"


def first_frame_rows(videos: int) -> list[dict[str, Any]]:
    """Return a row for a service whose next worker waits for the video, and for one without it."""
    known = _SETTING in {one.name for one in fields(StoreParameters)}
    kept = {"a worker waits": True, "started for each video": False} if known else {"started for each video": False}
    return [{"worker": name, **_measured(videos, keep if known else None)} for name, keep in kept.items()]


def _measured(videos: int, keep: bool | None) -> dict[str, Any]:
    with TemporaryDirectory(prefix="phalp-first-") as name:
        folder = Path(name)
        clip = shutil.copy(SAMPLE, folder / "clip.mp4")
        settings = [f"media.roots={json.dumps([name])}"]
        settings += [] if keep is None else [f"jobs.{_SETTING}={json.dumps(keep)}"]
        with RunningService(folder, *settings) as service:
            waits = []
            for _ in range(videos):
                time.sleep(_PAUSE_SECONDS)
                waits.append(_wait(service, str(clip)))
    after_start, after_post = np.median(waits, axis=0)
    return {"after start s": float(after_start), "after post s": float(after_post), "videos": videos}


def _wait(service: RunningService, path: str) -> tuple[float, float]:
    """Return the seconds to the first frame from the start of the work, and from the post."""
    address = urlsplit(service.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    posted = time.time()
    body = json.dumps({"video_path": path, "max_frames": 60})
    connection.request("POST", "/pose/video?mesh=false", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    beginning = b""
    while b'"persons"' not in beginning:
        beginning += response.read1(65536)
    came = time.time()
    response.read()
    job = str(response.getheader("Content-Location")).rpartition("/")[2]
    started = service.get(f"/pose/video/status/{job}?result=false").json()["started_at"]
    return came - started, came - posted
