"""Ray's part: starts it or joins it, runs `VideoWorker` as actors, and tells what becomes of them."""

import logging
import os
import secrets
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import Any

from tracker_service.bulk.bulk_parameters import BulkParameters
from tracker_service.bulk.schedule import Assignment
from tracker_service.bulk.work import BulkWork, Outcome
from tracker_service.bulk.worker import VideoWorker
from tracker_service.errors import BulkError, SettingsError

_OBJECT_STORE_BYTES = 80 << 20
"""Ray's least: what passes through it is a few hundred bytes a video."""
_STARTS = 4
"""Ray gives up its own start after 30 s, which a busy machine may need."""
_OF_OUR_OWN_RAY = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",
    "RAY_agent_register_timeout_ms": "120000",
    "RAY_AUTH_MODE": "token",  # it listens on all addresses
}
_OF_WORKERS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""As the command line has it (`tracker_service.process.single_blas_thread`): results do not depend on where they are
computed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker died.

    Attributes:
        reason: as Ray says it, one line.
        working: whether it had started before.
    """

    reason: str
    working: bool


@dataclass(slots=True)
class _Seat:
    """A worker's place: who sits there now, and the call that is under way."""

    actor: Any
    call: Any
    working: bool = False


@dataclass(slots=True)
class RayWorkers:
    """The workers of a run, by number.

    Args:
        ray: the module.
        work: what they do.
        count: how many.
        local: Ray was started for this run, and has its environment.
    """

    ray: Any
    work: BulkWork
    count: int
    local: bool
    _seats: dict[int, _Seat] = field(default_factory=dict)
    _calls: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(self.count):
            self.replace(number)

    def replace(self, worker: int) -> None:
        """Start a new worker in this place."""
        bulk = self.work.settings.bulk
        actor = (
            self.ray.remote(_Actor)
            .options(
                num_cpus=bulk.worker_cpus,
                num_gpus=bulk.worker_gpus,
                max_restarts=0,
                max_task_retries=0,
                scheduling_strategy="SPREAD",
                runtime_env=None if self.local else {"env_vars": _OF_WORKERS},
            )
            .remote(self.work)
        )
        self._seats[worker] = _Seat(actor, None)
        self._call(worker, actor.ready.remote())

    @property
    def idle(self) -> list[int]:
        """Workers that have started and have nothing to do."""
        return [number for number, seat in self._seats.items() if seat.call is None]

    def begin(self, worker: int, assignment: Assignment) -> None:
        """Let an idle worker begin."""
        self._call(worker, self._seats[worker].actor.run.remote(assignment.task, assignment.upcoming))

    def events(self, seconds: float) -> Iterator[tuple[int, Outcome | Lost]]:
        """Yield what has happened, after waiting for so long at most: outcomes of videos, and deaths of workers."""
        if not self._calls:
            time.sleep(seconds)
            return
        done, _ = self.ray.wait(list(self._calls), num_returns=1, timeout=seconds)
        for call in done:
            worker = self._calls.pop(call)
            seat = self._seats[worker]
            seat.call = None
            try:
                answer = self.ray.get(call)
            except self.ray.exceptions.RayError as error:
                yield worker, Lost(_first_line(error), seat.working)
                continue
            seat.working = True
            if isinstance(answer, Outcome):
                yield worker, answer

    def close(self) -> None:
        """Let idle workers give back what they hold, and end all."""
        closing = [self._seats[number].actor.close.remote() for number in self.idle]
        with suppress(self.ray.exceptions.RayError):
            self.ray.wait(closing, num_returns=len(closing), timeout=30)
        for seat in self._seats.values():
            self.ray.kill(seat.actor)

    def _call(self, worker: int, call: Any) -> None:
        self._seats[worker].call = call
        self._calls[call] = worker


class _Actor(VideoWorker):
    """What Ray runs: a worker that can be asked whether it has started."""

    def ready(self) -> None:
        """Answer when the worker can work."""


@contextmanager
def joined_ray(address: str | None, parameters: BulkParameters) -> Iterator[Any]:
    """Yield the module ``ray``, connected to a cluster; one that was started for it ends with it.

    Args:
        address: of a cluster, as ``auto`` or ``HOST:6379``; None starts Ray on this machine, without its dashboard.
        parameters: a worker must fit on this machine.

    Raises:
        SettingsError: the package is missing, or no worker fits.
        BulkError: Ray cannot be started or reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told of anything
    if address is None:
        os.environ.update({**_OF_OUR_OWN_RAY, **_OF_WORKERS})
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once in a process
    try:
        import ray
    except ImportError as error:
        raise SettingsError("bulk: expected the package ray, got none; pip install 'phalp-triton[ray]'") from error
    with redirect_stdout(sys.stderr), ExitStack() as stack:  # Ray tells of dead workers in the middle of our output
        _connect(ray, address)
        stack.callback(ray.shutdown)
        if address is None and parameters.worker_cpus > (cores := _cores(ray)):
            raise SettingsError(f"bulk.worker_cpus: expected at most the {cores} here, got {parameters.worker_cpus}")
        yield ray


def worker_count(ray: Any, parameters: BulkParameters, videos: int) -> int:
    """Return how many workers a run has: as many as asked for, else as there are cores for; not more than videos."""
    return max(1, min(parameters.workers or _cores(ray) // parameters.worker_cpus, videos))


def _cores(ray: Any) -> int:
    return int(ray.cluster_resources().get("CPU", 0))


def _connect(ray: Any, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    started = {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    for attempt in range(1, _STARTS + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a library's own future
                ray.init(address=address or "local", **quiet, **(started if address is None else {}))
        except Exception as error:  # Ray raises Exception itself where it has not started in time
            ray.shutdown()
            if address is not None or attempt == _STARTS:
                where = "a Ray that starts" if address is None else f"Ray at {address}"
                raise BulkError(f"bulk: expected {where}, got {_first_line(error)}") from error
        else:
            return


def _first_line(error: BaseException) -> str:
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
