"""Whether the service lives and is ready: the legacy health routes, Kubernetes' probes, and Prometheus' metrics."""

import asyncio
import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from tracker_service.api.health.readiness import PARTS, Phase, State
from tracker_service.api.health.schemas import (
    HEALTH_RESPONSES,
    LIVE_RESPONSES,
    METRICS_RESPONSES,
    POOL_RESPONSES,
    POSE_HEALTH_RESPONSES,
    READY_RESPONSES,
    RELOAD_RESPONSES,
    WARMUP_RESPONSES,
    Health,
    HealthPool,
    HealthStatus,
    JobCounts,
    Live,
    LoadedModels,
    ModelFlags,
    Pool,
    PoolStatus,
    PoseHealth,
    Queue,
    Ready,
    Reloaded,
    System,
    Warmup,
    verdict_of,
)
from tracker_service.api.http.errors import http_error
from tracker_service.api.service import ServiceOf
from tracker_service.wiring.profile import sizes_of

router = APIRouter(tags=["health"])

_LONG_QUEUE = 10
_WARMUP_SECONDS = 110.0
"""Below the 120 s after which the clients give up."""
_POLL_SECONDS = 0.05
_NOTHING_RELOADED = "nothing was reloaded: models are loaded at the start, and again by themselves when they fail"
_SECONDS_DIGITS = 3


@router.get("/health", operation_id="health", summary="Ready or warming up", responses=HEALTH_RESPONSES)
async def health(service: ServiceOf, response: Response) -> Health:
    """Answer 200 when frames are answered or models load, else 503; within milliseconds at any time.

    Older clients take 503 for a service that is not there.
    """
    state = service.readiness.state
    response.status_code = 200 if state.phase is Phase.WARMING_UP else _probe_status(state)
    in_use = service.in_use
    return Health(
        status="ready" if state.ready else "warming_up",
        ready=state.ready,
        models=LoadedModels.of(state),
        device=state.device,
        runs_on=dict(state.runs_on),
        profile="gpu" if in_use.pipeline.sized_for == "gpu" else "cpu",
        sizes=sizes_of(in_use),
        results={model: verdict_of(check) for model, check in service.checks().items()},
        vitdet_available="vitdet" in state.loaded,
        error=state.error,
    )


@router.get(
    "/api/pose/health", operation_id="pose_health", summary="State for operators", responses=POSE_HEALTH_RESPONSES
)
async def pose_health(service: ServiceOf) -> PoseHealth:
    """Answer with models, device and queue."""
    state, load = service.readiness.state, await service.load()
    return PoseHealth(
        status=_status(state, load.queue_length),
        timestamp=time.time(),
        models_loaded=state.all_loaded,
        gpu_available=state.device == "cuda",
        device=state.device,
        models=ModelFlags.of(state),
        pool=HealthPool(
            gpu_busy=load.active_workers > 0, queue_length=load.queue_length, active_jobs=load.jobs.running
        ),
    )


@router.get("/api/pose/pool-status", operation_id="pool_status", summary="Workers and queues", responses=POOL_RESPONSES)
async def pool_status(service: ServiceOf) -> PoolStatus:
    """Answer with workers, queue and jobs."""
    state, load = service.readiness.state, await service.load()
    return PoolStatus(
        timestamp=time.time(),
        pool=Pool(
            gpu_busy=load.active_workers > 0,
            max_workers=load.max_workers,
            active_workers=load.active_workers,
            available_workers=load.max_workers - load.active_workers,
        ),
        queue=Queue(
            length=load.queue_length, estimated_wait_time_seconds=round(load.estimated_wait_seconds, _SECONDS_DIGITS)
        ),
        jobs=JobCounts(
            total=load.jobs.active + load.jobs.finished,
            queued=load.jobs.queued + load.jobs.paused,
            processing=load.jobs.running,
            completed=load.jobs.finished,
        ),
        system=System(device=state.device, gpu_available=state.device == "cuda", models_loaded=state.all_loaded),
    )


@router.post("/warmup", operation_id="warmup_post", summary="Wait until they answer", responses=WARMUP_RESPONSES)
@router.get("/warmup", operation_id="warmup", summary="Wait until the models answer", responses=WARMUP_RESPONSES)
async def warmup(request: Request, service: ServiceOf) -> Warmup:
    """Answer 200 once the models have answered a dummy input; 503 when that takes too long."""
    started = time.monotonic()
    while not service.readiness.state.ready:
        waited = time.monotonic() - started
        if service.stopping or waited > _WARMUP_SECONDS or await request.is_disconnected():
            raise http_error(503, service.readiness.state.error or "the models are still being loaded", retry_after=5)
        await asyncio.sleep(_POLL_SECONDS)
    waited = time.monotonic() - started
    return Warmup(status="ready", ready=True, models=list(PARTS), waited_seconds=round(waited, _SECONDS_DIGITS))


@router.post("/reload", operation_id="reload", summary="Reload nothing", responses=RELOAD_RESPONSES)
async def reload(service: ServiceOf) -> Reloaded:
    """Answer as older clients expect; models that fail are loaded again without being asked, so nothing is done."""
    return Reloaded(status="reloaded", message=_NOTHING_RELOADED, models=LoadedModels.of(service.readiness.state))


@router.get("/livez", operation_id="livez", summary="The process lives", responses=LIVE_RESPONSES)
async def livez() -> Live:
    """Answer 200 as long as the event loop runs."""
    return Live(status="alive")


@router.get("/readyz", operation_id="readyz", summary="Frames are answered", responses=READY_RESPONSES)
async def readyz(service: ServiceOf, response: Response) -> Ready:
    """Answer 200 when the models answer, else 503; also 503 while the service is stopping."""
    state = service.readiness.state
    response.status_code = _probe_status(state)
    return Ready(status=state.phase, error=state.error, jobs=service.jobs_problem)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Prometheus metrics",
    responses=METRICS_RESPONSES,
    response_class=PlainTextResponse,
)
async def metrics(service: ServiceOf) -> Response:
    """Answer in Prometheus' text format."""
    return Response(
        await service.run_in_thread(service.metrics.text), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


def _probe_status(state: State) -> int:
    return 200 if state.ready else 503


def _status(state: State, queue_length: int) -> HealthStatus:
    if state.ready:
        return "degraded" if queue_length > _LONG_QUEUE else "healthy"
    if state.phase is Phase.WARMING_UP and state.error is None:
        return "initializing"
    return "error"
