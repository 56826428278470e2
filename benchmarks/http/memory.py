"""Resident memory of the service over very many frames, with replayed outputs (see `harness.replaying_service`)."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil

from benchmarks.http.frames import jpegs, there_and_back
from benchmarks.http.load import Client, Post, running
from tracker_service.sessions.session_parameters import SessionParameters

_SIZE = (320, 320)
_IMAGES = 24
_THREADS = 8
_MIB = 2**20
_ROWS = 10


def memory_table(frames: int, sessions: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Post ``frames`` frames in ``sessions`` sessions that are all alive at the same time, each in its order.

    Returns:
        A row for each tenth of the run, and the slopes before and after every session has as many answers as it keeps.
    """
    images = jpegs(_IMAGES, _SIZE, one_walker=True)
    per_session = frames // sessions
    done, lock = 0, threading.Lock()
    readings: list[tuple[int, float]] = []
    failed: list[int] = []

    def post(session: int, number: int) -> Post:
        path = f"/pose/hybrid?mesh=false&session_id=s{session}&frame_number={number}"
        return Post(path, images[there_and_back(number + session, _IMAGES)], {"Content-Type": "image/jpeg"})

    with running(f"sessions.max_sessions={sessions}", module="harness.replaying_service") as service:
        process = psutil.Process(service.process.pid)

        def one(thread: int) -> None:
            nonlocal done
            with Client(service.url) as client:
                for number in range(per_session):
                    for session in range(thread, sessions, _THREADS):
                        reply = client.post(post(session, number))
                        with lock:
                            done += 1
                            if reply.status != 200:
                                failed.append(reply.status)
                            if done % max(frames // 200, 1) == 0:
                                readings.append((done, process.memory_info().rss / _MIB))
                            if done % (frames // _ROWS) == 0:
                                print(f"{done} frames: {readings[-1][1]:.0f} MiB", file=sys.stderr, flush=True)

        started = time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(one, range(_THREADS)))
        seconds = time.perf_counter() - started
        live = service.metric("phalp_sessions")
        people = service.metric("phalp_persons_total", state="seen") / done
    kept = sessions * SessionParameters().history
    rows = [{"frames": at, "MiB": mib} for at, mib in readings[:: max(len(readings) // _ROWS, 1)]]
    summary = {
        "sessions alive": live,
        "frames/s": done / seconds,
        "people": people,
        "not answered": len(failed),
        "filling, MiB per 10,000 frames": _slope([one for one in readings if one[0] <= kept]),
        "full, MiB per 10,000 frames": _slope([one for one in readings if one[0] > kept]),
    }
    return rows, summary


def _slope(readings: list[tuple[int, float]]) -> float:
    """Return the slope of a straight line through the readings, per 10,000 frames; NaN for fewer than three."""
    if len(readings) < 3:
        return float("nan")
    at, mib = np.array(readings).T
    return float(np.polyfit(at / 10_000, mib, 1)[0])
