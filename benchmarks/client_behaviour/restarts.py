"""A service that is restarted, or killed, while a client is in the middle of a video."""

import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.client_behaviour.client import NodeClient, Outcome
from benchmarks.client_behaviour.footage import sample
from benchmarks.client_behaviour.situations import REPLAYING
from harness.running_service import RunningService
from tracker_service.sessions.session_parameters import SessionParameters

_RETRIES, _RETRY_PAUSE = 200, 0.1
_RESTART_AFTER_SECONDS = 2.0


def restart_rows(frames: int) -> list[dict[str, Any]]:
    """Return a row for every way to end the service and every client."""
    ways = {"stopped (SIGTERM)": signal.SIGTERM, "killed (kill -9)": signal.SIGKILL}
    clients = {"as it is": 0, "tries again every 0.1 s": _RETRIES}
    return [
        {"service": way, "client": client, **_restart(frames, number, retries)}
        for way, number in ways.items()
        for client, retries in clients.items()
    ]


def _restart(frames: int, number: signal.Signals, retries: int) -> dict[str, Any]:
    jpegs = sample(frames)
    with TemporaryDirectory(prefix="phalp-clients-") as name, ExitStack() as stack:
        keep = [f"sessions.keep={name}/keep"] if "keep" in {one.name for one in fields(SessionParameters)} else []
        folders = [Path(name, part) for part in ("first", "second")]
        for folder in folders:
            folder.mkdir()
        first = stack.enter_context(RunningService(folders[0], *keep, command=REPLAYING))
        NodeClient(first.url, "127.0.2.1").by_workers(jpegs[:8])  # the models' first calls take longer
        client = NodeClient(first.url, "127.0.2.2", retries=retries, retry_pause=_RETRY_PAUSE)
        outcomes: list[Outcome] = []
        sending = threading.Thread(target=lambda: outcomes.extend(client.by_workers(jpegs)))
        sending.start()
        time.sleep(_RESTART_AFTER_SECONDS)
        down = time.perf_counter()
        first.signal(number)
        first.wait()
        second = RunningService(folders[1], *keep, command=REPLAYING).start(ready=False)
        stack.enter_context(second)
        listening = time.perf_counter()
        client.url = second.url
        sending.join()
    return {
        "pose": f"{sum(one.pose for one in outcomes)} of {frames}",
        "lost": sum(one.video is None for one in outcomes),
        "down s": listening - down,
    }
