"""The documented shapes of the health routes."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.health.readiness import PARTS, Device, Phase, State
from tracker_service.api.http.error_schemas import Responses, errors
from tracker_service.inference.device_parameters import DeviceName
from tracker_service.inference.verification.check import ModelCheck

Loaded = Literal["loaded", "not_loaded"]
Verdict = Literal["verified", "not_verified", "wrong"]
HealthStatus = Literal["healthy", "initializing", "degraded", "error"]


def verdict_of(check: ModelCheck) -> Verdict:
    """Return in a word what the comparison of a model with its export gave."""
    if not check.compared:
        return "not_verified"
    return "verified" if check.passed else "wrong"


class LoadedModels(BaseModel):
    """Which parts are loaded."""

    hmr2: Loaded
    vitdet: Loaded
    phalp: Loaded

    @classmethod
    def of(cls, state: State) -> Self:
        """Return what is loaded in ``state``."""
        return cls(**{part: "loaded" if part in state.loaded else "not_loaded" for part in PARTS})


class Health(BaseModel):
    """``GET /health``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ready",
                    "ready": True,
                    "models": {"hmr2": "loaded", "vitdet": "loaded", "phalp": "loaded"},
                    "device": "cpu",
                    "runs_on": {"detector_lite": "cpu", "hmr_lite": "cpu", "person_finder": "cpu"},
                    "profile": "cpu",
                    "sizes": {
                        "pipeline.window": 4,
                        "pipeline.workers": 2,
                        "pipeline.in_flight": 3,
                        "inference.max_in_flight": 4,
                        "jobs.concurrency": 1,
                    },
                    "results": {"detector_lite": "verified", "hmr_lite": "verified", "person_finder": "verified"},
                    "vitdet_available": True,
                    "error": None,
                }
            ]
        }
    )

    status: Literal["ready", "warming_up"]
    ready: bool
    models: LoadedModels
    device: Device
    runs_on: dict[str, DeviceName] = Field(description="device of each model that is loaded")
    profile: Literal["cpu", "gpu"] = Field(description="what the sizes are made for")
    sizes: dict[str, int] = Field(description="settings that the profile chooses where they are left as they are")
    results: dict[str, Verdict] = Field(
        description="whether each model gives what its export gave; not_verified where that is not known"
    )
    vitdet_available: bool
    error: str | None = Field(description="why it is not ready")


class ModelFlags(BaseModel):
    """Which parts are loaded, as flags."""

    hmr2: bool
    vitdet: bool
    phalp: bool

    @classmethod
    def of(cls, state: State) -> Self:
        """Return what is loaded in ``state``."""
        return cls(**{part: part in state.loaded for part in PARTS})


class HealthPool(BaseModel):
    """Load, in short."""

    gpu_busy: bool
    queue_length: int
    active_jobs: int


class PoseHealth(BaseModel):
    """``GET /api/pose/health``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "healthy",
                    "timestamp": 1766000000.0,
                    "models_loaded": True,
                    "gpu_available": False,
                    "device": "cpu",
                    "models": {"hmr2": True, "vitdet": True, "phalp": True},
                    "pool": {"gpu_busy": False, "queue_length": 0, "active_jobs": 0},
                }
            ]
        }
    )

    status: HealthStatus
    timestamp: float = Field(description="unix seconds")
    models_loaded: bool
    gpu_available: bool
    device: Device
    models: ModelFlags
    pool: HealthPool


class Pool(BaseModel):
    """Workers; `gpu_busy` also stands for a busy CPU."""

    gpu_busy: bool
    max_workers: int
    active_workers: int
    available_workers: int


class Queue(BaseModel):
    """Frames and jobs that wait."""

    length: int
    estimated_wait_time_seconds: float = Field(description="about how long a new frame waits")


class JobCounts(BaseModel):
    """Video jobs."""

    total: int
    queued: int
    processing: int
    completed: int = Field(description="finished in any way")


class System(BaseModel):
    """What the models run on."""

    device: Device
    gpu_available: bool
    models_loaded: bool


class PoolStatus(BaseModel):
    """``GET /api/pose/pool-status``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "timestamp": 1766000000.0,
                    "pool": {"gpu_busy": True, "max_workers": 3, "active_workers": 1, "available_workers": 2},
                    "queue": {"length": 0, "estimated_wait_time_seconds": 0.0},
                    "jobs": {"total": 1, "queued": 0, "processing": 1, "completed": 0},
                    "system": {"device": "cpu", "gpu_available": False, "models_loaded": True},
                }
            ]
        }
    )

    timestamp: float
    pool: Pool
    queue: Queue
    jobs: JobCounts
    system: System


class Warmup(BaseModel):
    """``GET /warmup``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"status": "ready", "ready": True, "models": ["hmr2", "vitdet", "phalp"], "waited_seconds": 0.0}
            ]
        }
    )

    status: Literal["ready"]
    ready: Literal[True]
    models: list[str]
    waited_seconds: float


class Reloaded(BaseModel):
    """``POST /reload``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "reloaded",
                    "message": "nothing was reloaded",
                    "models": {"hmr2": "loaded", "vitdet": "loaded", "phalp": "loaded"},
                }
            ]
        }
    )

    status: Literal["reloaded"]
    message: str
    models: LoadedModels


class Live(BaseModel):
    """``GET /livez``."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "alive"}]})

    status: Literal["alive"]


class Ready(BaseModel):
    """``GET /readyz``."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ready", "error": None, "jobs": None}]})

    status: Phase
    error: str | None
    jobs: str | None = Field(default=None, description="what is wrong with the video jobs; frames do without them")


def _probe(model: type[BaseModel], ready: str, not_ready: str) -> Responses:
    return {200: {"description": ready}, 503: {"model": model, "description": not_ready}}


HEALTH_RESPONSES = _probe(
    Health, "Frames are answered, or the models are being loaded", "Stopping, or the models are away"
)
READY_RESPONSES = _probe(Ready, "Frames are answered", "Not now")
LIVE_RESPONSES: Responses = {200: {"description": "Alive"}}
POSE_HEALTH_RESPONSES: Responses = {200: {"description": "The state"}}
POOL_RESPONSES: Responses = {200: {"description": "The load"}}
WARMUP_RESPONSES: Responses = {
    200: {"description": "The models have answered"},
    **errors(401, 429, 503),
}
RELOAD_RESPONSES: Responses = {200: {"description": "Nothing was reloaded"}, **errors(401, 429, 503)}
_TEXT: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}, "example": "phalp_ready 1.0\n"}}
METRICS_RESPONSES: Responses = {200: {"description": "Prometheus' text format", "content": _TEXT}}
