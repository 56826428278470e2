"""The state that the routes share: models, sessions, jobs, limits, readiness; and the orderly stop."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeAlias, TypeVar

from fastapi import Depends, Request

from tracker_service.api.health.load import NO_JOBS, Load, MovingAverage
from tracker_service.api.health.readiness import Readiness
from tracker_service.api.http.api_keys import ApiKeys
from tracker_service.api.http.client_limit import ClientLimit, SessionsInUse
from tracker_service.api.http.errors import http_error
from tracker_service.api.http.frame_admission import FrameAdmission
from tracker_service.api.images.decoder.pool import DecoderPool
from tracker_service.api.metrics.service_metrics import ServiceMetrics
from tracker_service.api.startup.needed_models import check_models
from tracker_service.api.store_calls import StoreCalls
from tracker_service.body.model import BodyModel
from tracker_service.errors import ModelResultsError, SessionsClosedError
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.device_parameters import DeviceName
from tracker_service.inference.verification.check import ModelCheck
from tracker_service.jobs.job import QueueCounts
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.settings import Settings
from tracker_service.tracing.spans import carried
from tracker_service.wiring.models import models_of
from tracker_service.wiring.profile import sized

if TYPE_CHECKING:
    from tracker_service.jobs.queue.store import JobStore

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
StopCallback: TypeAlias = Callable[[float], Awaitable[None]]
"""Finishes or pauses running work within the given seconds."""

_logger = logging.getLogger(__name__)
_POLL_SECONDS = 0.05
_BATCHES_AHEAD = 4
"""Batches of each worker whose frames are let in: of one client the batch that runs and the next, as much of others."""
_WAITING_SHARE = 0.85
"""Part of a request's time in which it may wait for its turn. Raising it answers more of long queues, as long as the
rest suffices to answer those whose turn came last."""
_LARGEST_BODIES = 16
"""Bodies of the largest size that fit into memory together."""
_MOST_DECODERS = 4
"""Images decoded at the same time. Raising it decodes more on machines of many cores, at 30 MB each."""
_LARGEST_IMAGES = 8
"""Decoded images of the largest size that fit into memory together."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What answers frames, once it is loaded.

    Attributes:
        client: runs the models.
        body: the body of the model set.
        sessions: the frame sessions.
    """

    client: InferenceClient
    body: BodyModel
    sessions: FrameSessions


class Service:
    """The parts of a running service; built before it listens, complete once the models are loaded.

    Args:
        settings: everything that can be set.

    Raises:
        SettingsError: a setting cannot be used.
        ModelNotFoundError: models are to run in this process and are not there.
    """

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits
        self.settings = settings
        self.in_use = sized(settings, ())
        """The settings with the sizes that the models' devices make of them; those of a CPU until they are known."""
        self.models = models_of(settings)
        check_models(settings.inference, self.models)
        self.keys = ApiKeys.of_settings(settings.service)
        self.metrics = ServiceMetrics(self.models.name)
        self.readiness = Readiness()
        self.client_limit = ClientLimit(limits.client_requests)
        self.sessions_in_use = SessionsInUse()
        self.frame_admission = FrameAdmission(
            limits.frames_waiting,
            places=_places(self.in_use),
            body_bytes=_LARGEST_BODIES * limits.body_bytes,
            pixels=_LARGEST_IMAGES * limits.image_pixels,
        )
        self.store_calls = StoreCalls(limits.database_seconds)
        self.cannot_end = False
        """Whether the jobs could not be closed in time: what they wait for would keep the process from ending."""
        self.times = StageTimes(self.metrics.stage)
        self.decoders = DecoderPool(min(_MOST_DECODERS, _work_threads()), limits.image_pixels, self.times)
        self.requests_running = 0
        """Requests that a stop waits for."""
        self.stop_callbacks: list[StopCallback] = []
        """Called together when the service stops, each with the seconds it may take."""
        self.checks: Callable[[], Mapping[str, ModelCheck]] = dict
        """Returns how far each model was from its export when it was last compared."""
        self.started = time.time()
        self.frame_seconds = MovingAverage()
        self.opening_problem: str | None = None
        """Why the video jobs are not open, for clients."""
        self._engine: Engine | None = None
        self._jobs: JobStore | None = None
        self._stop: asyncio.Task[None] | None = None
        self._work = ThreadPoolExecutor(max_workers=_work_threads(), thread_name_prefix="work")

    @property
    def stopping(self) -> bool:
        """Whether the service is about to end; streams end themselves then."""
        return self.readiness.state.stopping

    async def engine(self) -> Engine:
        """Return what answers frames, once the models answer; whoever asked first goes on first.

        A service that stops still answers the frames that came before.

        Raises:
            SessionsClosedError: the service stops before the models are loaded.
            ModelResultsError: a model's results are too far from those of its export.
        """
        state = await self.readiness.settled()
        if state.refusing:
            raise ModelResultsError(state.error or "", retry_after=self.settings.inference.verify_seconds)
        if self._engine is None:
            raise SessionsClosedError("the service is stopping")
        return self._engine

    @property
    def waiting_seconds(self) -> float:
        """How long a request may wait for its turn."""
        return _WAITING_SHARE * self.settings.limits.request_seconds

    async def wait_for_jobs(self) -> None:
        """Wait until the video jobs are open, as long as a request may wait."""
        deadline = time.monotonic() + self.waiting_seconds
        while self._jobs is None and not self.stopping and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_SECONDS)

    @property
    def jobs_problem(self) -> str | None:
        """What is wrong with the video jobs, for clients."""
        return self.opening_problem if self._jobs is None else self._jobs.problem

    @property
    def jobs(self) -> "JobStore":
        """The video jobs.

        Raises:
            HTTPException: 503, they are not open yet.
        """
        if self._jobs is None:
            raise http_error(503, self.jobs_problem or "the video jobs are not open yet; try again", retry_after=2)
        return self._jobs

    @property
    def loaded_engine(self) -> Engine | None:
        """What answers frames, whether or not it answers now; None until it is loaded."""
        return self._engine

    def skip_missing_frames(self, client: str | None = None) -> None:
        """Stop waiting for missing frames in the sessions of ``client``, or in all; called when a frame is refused.

        Frames that wait for missing ones would otherwise keep the room that these need.
        """
        if self._engine is not None:
            self._engine.sessions.skip_missing(None if client is None else self.sessions_in_use.of(client))

    def use_jobs(self, jobs: "JobStore") -> None:
        """Answer requests about jobs from now on."""
        # First this: `use_devices` of another thread sees it, or has its sizes seen here.
        self._jobs = jobs
        if self.in_use.jobs != self.settings.jobs:
            jobs.compute_at_once(self.in_use.jobs.concurrency)

    def use_devices(self, devices: Mapping[str, DeviceName]) -> None:
        """Take the sizes that these devices of the models make of the settings."""
        self.readiness.runs_on(devices)
        before, self.in_use = self.in_use, sized(self.settings, devices.values())
        self.frame_admission.resize(_places(self.in_use))
        if self._jobs is not None and self.in_use.jobs != before.jobs:
            self._jobs.compute_at_once(self.in_use.jobs.concurrency)

    def use_engine(self, engine: Engine) -> None:
        """Answer frames with ``engine`` from now on."""
        self._engine = engine

    async def run_in_thread(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run ``function`` in a thread of a small pool, as it would block the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._work, carried(partial(function, *args, **kwargs)))

    async def load(self) -> Load:
        """Return how busy the service is."""
        frame_workers = self.settings.sessions.workers
        return Load(
            max_workers=frame_workers + (0 if self._jobs is None else self.in_use.jobs.concurrency),
            frames=self.frame_admission.frames,
            frame_workers=frame_workers,
            jobs=await self._job_counts(),
            frame_seconds=self.frame_seconds.value,
        )

    async def _job_counts(self) -> QueueCounts:
        if self._jobs is None or self.stopping:
            return NO_JOBS
        return await self.run_in_thread(self.store_calls.glance, self._jobs.counts) or NO_JOBS

    def stop(self) -> asyncio.Task[None]:
        """Begin to drain, while new work gets 503; returns the task that ends when the process may end."""
        if self._stop is None:
            self._stop = asyncio.ensure_future(self._drain())
        return self._stop

    async def _drain(self) -> None:
        """Finish or pause running work within ``service.drain_seconds``."""
        deadline = time.monotonic() + self.settings.service.drain_seconds

        def left() -> float:
            return max(0.0, deadline - time.monotonic())

        self.readiness.stopping()
        _logger.info("stopping", extra={"requests_running": self.requests_running})
        closing = [callback(left()) for callback in self.stop_callbacks]
        closing.append(self._answer_the_last_frames(deadline))
        for failure in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(failure, Exception):
                _logger.error("stopping: %s", failure, exc_info=failure)
        while self.requests_running and left() > 0:
            await asyncio.sleep(_POLL_SECONDS)
        _logger.info("stopped", extra={"requests_cut_off": self.requests_running})

    async def _answer_the_last_frames(self, deadline: float) -> None:
        """Answer the frames that have come, those that wait for their turn included; none waits for a missing one."""
        if self._engine is None:
            return
        sessions = self._engine.sessions
        while self.frame_admission.frames and time.monotonic() < deadline:
            sessions.skip_missing()
            await asyncio.sleep(_POLL_SECONDS)
        await sessions.close(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Release threads and processes."""
        self.decoders.close()
        self.store_calls.close()
        self._work.shutdown(wait=False, cancel_futures=True)


async def service_of(request: Request) -> Service:
    """Return the service of the app that answers ``request``; async, as FastAPI would call it in a thread otherwise."""
    service: Service = request.app.state.service
    return service


ServiceOf = Annotated[Service, Depends(service_of)]
"""The parameter type by which a route gets the service."""


async def wait_for_jobs(service: ServiceOf) -> None:
    """Let a request about video jobs wait until they are open."""
    await service.wait_for_jobs()


def _places(settings: Settings) -> int:
    """Return how many frames are let in at a time, for the batches of these settings."""
    return _BATCHES_AHEAD * settings.pipeline.window * settings.sessions.workers


def _work_threads() -> int:
    return min(8, max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2))
