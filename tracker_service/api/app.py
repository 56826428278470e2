"""The FastAPI app: its routes, its middleware, its start and stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from tracker_service.api.connections.same_site import SameSite
from tracker_service.api.exports import routes as export_routes
from tracker_service.api.exports.conversions import Conversions
from tracker_service.api.frames import routes as frame_routes
from tracker_service.api.health import routes as health_routes
from tracker_service.api.http.access_control import AccessControl
from tracker_service.api.http.body_limit import BodyLimit
from tracker_service.api.http.errors import install_error_handlers
from tracker_service.api.http.known_names import check_query
from tracker_service.api.http.openapi import DocumentedApp
from tracker_service.api.http.telemetry import REQUEST_ID_HEADER, Telemetry
from tracker_service.api.http.unread_body import UnreadBodyDrain
from tracker_service.api.jobs import routes as job_routes
from tracker_service.api.jobs import video_routes
from tracker_service.api.jobs.legacy import routes as legacy_job_routes
from tracker_service.api.jobs.video_jobs import VideoJobs
from tracker_service.api.live import routes as live_routes
from tracker_service.api.live import socket_routes as live_socket_routes
from tracker_service.api.live.live_streams import LiveStreams
from tracker_service.api.metrics.service_gauges import publish_gauges
from tracker_service.api.service import Service, wait_for_jobs
from tracker_service.api.startup.job_store_opening import JobStoreOpener, OpenJobs
from tracker_service.api.startup.model_loading import ModelLoader, OpenClient
from tracker_service.api.viewer import routes as viewer_routes
from tracker_service.settings import Settings
from tracker_service.wiring.jobs import open_job_store
from tracker_service.wiring.models import open_client as client_of_settings

_JOB_ROUTERS: tuple[APIRouter, ...] = (
    video_routes.router,
    legacy_job_routes.router,
    viewer_routes.router,
    job_routes.router,
    export_routes.router,
)
ROUTERS: tuple[APIRouter, ...] = (health_routes.router, frame_routes.router, live_routes.router, *_JOB_ROUTERS)
"""All routes of the service."""

_COMPRESSION_MINIMUM_BYTES, _COMPRESSION_LEVEL = 1024, 1


def create_app(
    settings: Settings, *, open_client: OpenClient = client_of_settings, open_jobs: OpenJobs = open_job_store
) -> FastAPI:
    """Build the service.

    Args:
        settings: everything that can be set.
        open_client: opens the inference client; called in the background, again and again until it succeeds.
        open_jobs: makes the store of video jobs; likewise.

    Raises:
        SettingsError: a setting cannot be used.
    """
    service = Service(settings)
    video_jobs = VideoJobs(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loader = ModelLoader(service, open_client)
        loader.start()
        JobStoreOpener(service, open_jobs).start()
        await asyncio.to_thread(video_jobs.uploads.sweep)
        yield
        await service.stop()
        await asyncio.to_thread(loader.stop, settings.service.drain_seconds)
        service.close()

    app = DocumentedApp(
        title="phalp-triton",
        summary="Video in, 3D people tracks out",
        lifespan=lifespan,
        # These pages load scripts from other hosts; /openapi.json is what tools read.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.limits = settings.limits
    app.state.service = service
    app.state.video_jobs = video_jobs
    app.state.live_streams = LiveStreams(service)
    app.state.conversions = Conversions(service)
    for router in ROUTERS:
        waiting = [Depends(wait_for_jobs)] if router in _JOB_ROUTERS else []
        app.include_router(router, dependencies=[Depends(check_query), *waiting])
    app.include_router(live_socket_routes.router)
    install_error_handlers(app)
    publish_gauges(service)
    _add_middleware(app, service)
    return app


def _add_middleware(app: FastAPI, service: Service) -> None:
    """Add the ASGI layers; the last added is the outermost."""
    settings = service.settings
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESSION_MINIMUM_BYTES, compresslevel=_COMPRESSION_LEVEL)
    app.add_middleware(BodyLimit, limits=settings.limits)
    app.add_middleware(AccessControl, service=service)
    if settings.service.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.service.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=[REQUEST_ID_HEADER, "Location", "Retry-After"],
        )
    app.add_middleware(SameSite, service=service)
    app.add_middleware(UnreadBodyDrain)
    app.add_middleware(Telemetry, service=service)
