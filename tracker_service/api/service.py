"""What the routes share."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ParamSpec, TypeAlias, TypeVar

from fastapi import Depends, Request

from tracker_service.api.health.load import NO_JOBS, Load, RecentMean
from tracker_service.api.health.readiness import Readiness
from tracker_service.api.http.admission import ClientPlaces, FramePlaces, SessionsInUse
from tracker_service.api.http.api_keys import ApiKeys
from tracker_service.api.http.errors import refusal
from tracker_service.api.metrics.service_metrics import ServiceMetrics
from tracker_service.api.startup.needed_models import check_models
from tracker_service.body.model import BodyModel
from tracker_service.errors import InferenceUnavailableError
from tracker_service.inference.client import InferenceClient
from tracker_service.jobs.job import QueueCounts
from tracker_service.jobs.queue.store import JobStore
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.settings import Settings
from tracker_service.wiring.assembly import models_of, tracker_parameters

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Closer: TypeAlias = Callable[[float], Awaitable[None]]
"""Parks or finishes work within the given seconds."""

_logger = logging.getLogger(__name__)
_LOOK_EVERY = 0.05
_BODIES_AT_ONCE = 16
_IMAGES_AT_ONCE = 8


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
    """The parts of a running service; built before it listens, complete once `engine` answers.

    Args:
        settings: everything that can be set.

    Raises:
        SettingsError: a setting cannot be used.
        ModelNotFoundError: models are to run in this process and are not there.
    """

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits
        self.settings = settings
        self.models = models_of(settings)
        tracker_parameters(settings)  # what cannot work shows before the service listens
        check_models(settings.inference, self.models)
        self.keys = ApiKeys.of_settings(settings.service)
        self.metrics = ServiceMetrics(self.models.name)
        self.readiness = Readiness()
        self.client_places = ClientPlaces(limits.client_requests)
        self.sessions_in_use = SessionsInUse()
        self.frame_places = FramePlaces(
            limits.frames_waiting,
            body_bytes=_BODIES_AT_ONCE * limits.body_bytes,
            pixels=_IMAGES_AT_ONCE * limits.image_pixels,
        )
        self.times = StageTimes(self.metrics.stage)
        self.requests_running = 0
        """Requests under way that a stop waits for."""
        self.closers: list[Closer] = []
        """Called together when the service stops, each with the seconds it may take."""
        self.started = time.time()
        self.frame_seconds = RecentMean()
        self._engine: Engine | None = None
        self._jobs: JobStore | None = None
        self._stop: asyncio.Task[None] | None = None
        self._work = ThreadPoolExecutor(max_workers=_work_threads(), thread_name_prefix="work")

    @property
    def stopping(self) -> bool:
        """Whether the service is about to end; streams end themselves then."""
        return self.readiness.state.stopping

    @property
    def engine(self) -> Engine:
        """What answers frames.

        Raises:
            InferenceUnavailableError: the models are not loaded, or do not answer now.
        """
        if self._engine is None or not self.readiness.state.ready:
            raise InferenceUnavailableError("the models are not ready", retry_after=2)
        return self._engine

    @property
    def jobs(self) -> JobStore:
        """The video jobs.

        Raises:
            HTTPException: 503, they are not open yet.
        """
        if self._jobs is None:
            raise refusal(503, "the video jobs are not open yet; try again", retry_after=2)
        return self._jobs

    @property
    def loaded_engine(self) -> Engine | None:
        """What answers frames, whether or not it answers now; None until it is loaded."""
        return self._engine

    def relieve(self, client: str | None = None) -> None:
        """Let frames that wait for missing ones go, because there was no room for another: those of ``client``, or all.

        Otherwise a refused frame would hold up those after it, and these the places that it needs.
        """
        if self._engine is not None:
            self._engine.sessions.relieve(None if client is None else self.sessions_in_use.of(client))

    def open_jobs(self, jobs: JobStore) -> None:
        """Take ``jobs`` into use."""
        self._jobs = jobs

    def complete(self, engine: Engine) -> None:
        """Take ``engine`` into use."""
        self._engine = engine

    async def work(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run ``function`` in one of the few threads for work that would hold up the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._work, partial(function, *args, **kwargs))

    async def load(self) -> Load:
        """Return how busy the service is."""
        frame_workers = self.settings.sessions.workers
        return Load(
            max_workers=frame_workers + (0 if self._jobs is None else self.settings.jobs.concurrency),
            frames=self.frame_places.frames,
            frame_workers=frame_workers,
            jobs=await self._job_counts(),
            frame_seconds=self.frame_seconds.value,
        )

    async def _job_counts(self) -> QueueCounts:
        if self._jobs is None or self.stopping:
            return NO_JOBS
        try:
            return await self.work(self._jobs.counts)
        except Exception as error:  # health must be told also when a database is away
            _logger.warning("the jobs cannot be counted: %s", error)
            return NO_JOBS

    def stop(self) -> asyncio.Task[None]:
        """Begin to stop, while new work gets 503; returns the task that ends when the process may end."""
        if self._stop is None:
            self._stop = asyncio.ensure_future(self._drain())
        return self._stop

    async def _drain(self) -> None:
        """Finish or park what runs, within the seconds of the settings."""
        deadline = time.monotonic() + self.settings.service.drain_seconds

        def left() -> float:
            return max(0.0, deadline - time.monotonic())

        self.readiness.stopping()
        _logger.info("stopping", extra={"requests_running": self.requests_running})
        closing = [closer(left()) for closer in self.closers]
        if self._engine is not None:
            closing.append(self._engine.sessions.close(left()))
        for failure in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(failure, Exception):
                _logger.error("stopping: %s", failure, exc_info=failure)
        while self.requests_running and left() > 0:
            await asyncio.sleep(_LOOK_EVERY)
        _logger.info("stopped", extra={"requests_cut_off": self.requests_running})

    def close(self) -> None:
        """Let the threads go."""
        self._work.shutdown(wait=False, cancel_futures=True)


async def service_of(request: Request) -> Service:
    """Return the service of the app that answers ``request``; async, as FastAPI would call it in a thread otherwise."""
    service: Service = request.app.state.service
    return service


ServiceOf = Annotated[Service, Depends(service_of)]
"""The parameter type by which a route gets the service."""


def _work_threads() -> int:
    return min(8, max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2))
