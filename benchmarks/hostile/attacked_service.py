"""A service of any version of this project, with two clients: one that attacks and one that is quiet."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import orjson
import psutil

from harness.running_service import RunningService

KEYS = ("attacking-client-of-the-benchmark", "quiet-client-of-the-benchmark")
ATTACKER, QUIET = ({"X-API-Key": key} for key in KEYS)
_PROGRAM = """
import os, resource, runpy, sys
tree, files = sys.argv.pop(1), int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
os.chdir(tree)
sys.path[0] = tree
runpy.run_module("tracker_service", run_name="__main__", alter_sys=True)
"""


@dataclass
class Observed:
    """What was seen while an attack went on.

    Attributes:
        health: seconds of each answer of ``/livez``; one that failed counts as infinite.
        memory: resident bytes of the service process, the largest while the attack went on, beyond what it had before.
    """

    health: list[float] = field(default_factory=list)
    memory: int = 0


@contextmanager
def attacked(tree: Path, *settings: str, files: int = 1024) -> Iterator[RunningService]:
    """Run the service of the tree ``tree``, which may open so many files; ready for frames."""
    keys = orjson.dumps(KEYS).decode()
    command = ("-c", _PROGRAM, str(tree), str(files), "serve")
    with (
        TemporaryDirectory(prefix="phalp-hostile-") as folder,
        RunningService(Path(folder), f"service.api_keys={keys}", *settings, command=command) as service,
    ):
        yield service


@contextmanager
def observed(service: RunningService) -> Iterator[Observed]:
    """Ask for health twice a second, and watch the memory."""
    process, seen, end = psutil.Process(service.process.pid), Observed(), threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not end.wait(0.5):
            started = time.perf_counter()
            try:
                httpx.get(f"{service.url}/livez", timeout=20, trust_env=False).raise_for_status()
                seen.health.append(time.perf_counter() - started)
            except httpx.HTTPError:
                seen.health.append(float("inf"))
            if process.is_running():
                seen.memory = max(seen.memory, process.memory_info().rss - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        end.set()
        watching.join()
