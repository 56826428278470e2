"""How long a quiet client waits beside one that asks for as much as it can: its worst wait, against that when alone."""

import statistics
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.hostile.attacked_service import ATTACKER, QUIET, attacked
from benchmarks.hostile.flood import Ask, flooded
from benchmarks.http.frames import jpegs
from harness.clips import cut
from harness.running_service import RunningService

_SIZE = (1280, 720)
_IMAGES = 8
_PAUSE = 0.2
_FINAL = {"completed", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class Flood:
    """What two clients ask for.

    Attributes:
        name: of the row.
        attack: what the loud client asks for, again and again.
        at_once: how often at the same time.
        ask: what the quiet one asks for, one after the other.
        times: how often.
    """

    name: str
    attack: Ask
    at_once: int
    ask: Ask
    times: int


def fairness_table(tree: Path, version: str, short: bool) -> list[dict[str, Any]]:
    """Return a row a kind of request; the quiet client asks alone, beside the flood, and alone again."""
    with TemporaryDirectory() as folder:
        video = cut(Path(folder) / "walk.mp4", 16, width=320).read_bytes()
        # Jobs as a service computes them where nothing is set; see `RunningService`.
        with attacked(tree, "jobs.standby_worker=true") as service:
            return [_row(service, flood, version, short) for flood in _floods(video)]


def _floods(video: bytes) -> tuple[Flood, ...]:
    frame, listing = partial(_frame, jpegs(_IMAGES, _SIZE)), _jobs_listed
    upload, job = partial(_uploaded, video, "0"), partial(_computed, video)
    return (
        Flood("a frame; 32 frames at a time beside it", frame, 32, frame, 40),
        Flood("an upload; 16 uploads at a time beside it", upload, 16, partial(_uploaded, video, "200"), 10),
        # Behind the uploads: both clients have jobs to list.
        Flood("the list of jobs; 64 lists at a time beside it", listing, 64, listing, 40),
        Flood("a job of 16 frames; 50 jobs of priority 0 beside it", upload, 2, job, 4),
    )


def _row(service: RunningService, flood: Flood, version: str, short: bool) -> dict[str, Any]:
    times = max(2, flood.times // 10) if short else flood.times
    _waits(service, flood, 2)  # models, processes and connections are there from now on
    alone = _waits(service, flood, times)
    with flooded(service.url, flood.attack, ATTACKER, flood.at_once):
        beside = _waits(service, flood, times)
    _clear(service)
    alone += _waits(service, flood, times)
    _clear(service)
    return {
        "request": flood.name,
        "version": version,
        "alone": max(alone),
        "beside": max(beside),
        "ratio": max(beside) / max(alone),
        "medians": statistics.median(beside) / statistics.median(alone),
    }


def _waits(service: RunningService, flood: Flood, times: int) -> list[float]:
    waits = []
    with service.client() as client:
        for number in range(times):
            started = time.perf_counter()
            flood.ask(client, QUIET, number)
            waits.append(time.perf_counter() - started)
            time.sleep(_PAUSE)
    return waits


def _frame(images: tuple[bytes, ...], client: httpx.Client, key: dict[str, str], number: int) -> None:
    # A session for each client: one that is asked for again would answer from what it keeps.
    session = client.headers.setdefault("X-Session-Id", uuid4().hex)
    headers = {"Content-Type": "image/jpeg", "X-Session-Id": session, **key}
    path = f"/pose/hybrid?mesh=false&frame_number={number}"
    client.post(path, content=images[number % len(images)], headers=headers).raise_for_status()


def _jobs_listed(client: httpx.Client, key: dict[str, str], _: int) -> None:
    client.get("/jobs", headers=key).raise_for_status()


def _uploaded(video: bytes, priority: str, client: httpx.Client, key: dict[str, str], _: int) -> str:
    form = {"overlay": "false", "priority": priority}
    answer = client.post("/jobs", files={"video": ("a.mp4", video)}, data=form, headers=key).raise_for_status()
    return str(answer.json()["job_id"])


def _computed(video: bytes, client: httpx.Client, key: dict[str, str], number: int) -> None:
    job = _uploaded(video, "200", client, key, number)
    while client.get(f"/jobs/{job}", headers=key).raise_for_status().json()["state"] not in _FINAL:
        time.sleep(0.1)


def _clear(service: RunningService) -> None:
    """Cancel everybody's jobs."""
    with service.client() as client:
        for key in (ATTACKER, QUIET):
            for state in ("queued", "running"):
                for job in client.get(f"/jobs?state={state}&limit=100", headers=key).raise_for_status().json()["jobs"]:
                    client.delete(f"/jobs/{job['job_id']}", headers=key)
