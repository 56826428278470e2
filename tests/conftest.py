"""How the tests are dealt out where several processes run them (``pytest -n 3``).

The tests of a folder run in one process, one after the other: they share a server, a service, exported models, a
tracked clip. Folders that take longest go first, so that no process is left alone with one at the end.
"""

import atexit
import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from harness.command_line import CommandLine

# All that is imported and collected stays: looking through it for garbage took a third of the collection's time, and as
# much again at the end.
gc.disable()
atexit.register(gc.freeze)
if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes share the cores already: threads of one that wait for each other only take time from the others.
    for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_variable, "1")

# How long an example takes says nothing where other processes have the cores meanwhile.
settings.register_profile("shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared cores")

ROOT = Path(__file__).parent
LONGEST_FIRST = (
    "jobs",
    "inference/triton",
    "api/jobs",
    "export/full_set",
    "export",
    "chaos",
    "bulk",
    "api/frames",
    "sessions",
    "hostile",
    "export/family",
    "command_line",
    "deploy",
    "client",
    "samples",
    "viewer",
    "documentation",
    "phalp",
    "video/live",
    "api/http",
    "benchmarks",
    "packaging",
    "pipeline",
    "export/lite",
    "api",
    "zoo",
    "video",
    "api/live",
    "export/graphs",
    "api/health",
    "export/weights",
)
"""The folders that take ten seconds or more beside others, as `pytest --durations=0` adds up; all others follow."""
PREPARING = {"chromium", "environment", "find", "full_set", "stack", "triton"}
"""Fixtures that install programs or export models: who comes first may take longer than a test."""
PREPARING_SECONDS = 900


@pytest.fixture(scope="session")
def command_line() -> Iterator[CommandLine]:
    """``phalp-triton`` for calls that end at once."""
    with CommandLine() as running:
        yield running


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a process all tests of a folder."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling:
    config.option.loadscopereorder = False  # the order is ours, not that of the folders with most tests
    return FolderScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Let each process begin its collection elsewhere: pytest keeps what it makes of a file's assertions for all.

    In a fresh checkout that takes as long as all the rest of a collection.
    """
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if worker and config.args_source == pytest.Config.ArgsSource.TESTPATHS:
        number = int(worker["workerid"].removeprefix("gw"))
        places = sorted(str(path) for path in ROOT.iterdir() if path.is_dir() or path.name.startswith("test_"))
        begin = number * len(places) // worker["workercount"]
        config.args = places[begin:] + places[:begin]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(10_000)  # an export makes millions of objects that stay: a tenth of its time went into looking
    gc.enable()


@pytest.hookimpl(trylast=True)  # when the fixtures have ended
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # the next test is not to blame
        pytest.fail(f"{item.nodeid} left this thread a real-time one, which takes the cores from all other processes")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    for item in items:
        if PREPARING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(PREPARING_SECONDS))


def _turn(item: pytest.Item) -> tuple[int, Path]:
    folder = item.path.parent.relative_to(ROOT).as_posix()
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST), item.path
