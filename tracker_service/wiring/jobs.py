"""From the settings to the job store."""

import os

from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store import JobStore
from tracker_service.jobs.queue.store_parameters import QueueLimits, Retention, RunLimits, StoreParameters
from tracker_service.settings import Settings

_TRACKING = {"model_set", "detect_shots", "use_gt", "phalp", "render", "refinement", "pipeline"}
_COMPUTING = {"inference"}


def open_job_store(settings: Settings, observer: JobObserver | None = None) -> JobStore:
    """Return the store that the settings ask for; it computes nothing before its `start`.

    The environment variable DATABASE_URL stands in for ``jobs.database_url``.

    Args:
        settings: the whole tree; how videos are tracked is kept with each job when it is submitted.
        observer: is told what running jobs do.
    """
    return JobStore(store_parameters(settings), observer)


def store_parameters(settings: Settings) -> StoreParameters:
    """Return what the store needs to know."""
    jobs = settings.jobs
    secret = jobs.database_url
    url = os.environ.get("DATABASE_URL") if secret is None else secret.get_secret_value()
    return StoreParameters(
        folder=jobs.folder,
        database_url=url or None,
        executor_id=jobs.executor_id,
        run=RunLimits(
            chunk_frames=jobs.chunk_frames,
            chunk_attempts=jobs.chunk_attempts,
            stall_seconds=jobs.stall_seconds,
            free_bytes=jobs.free_bytes,
            poll_seconds=jobs.poll_seconds,
        ),
        queue=QueueLimits(
            concurrency=jobs.concurrency,
            length=jobs.queue_length,
            client_jobs=jobs.client_jobs,
            client_bytes=jobs.client_bytes,
        ),
        retention=Retention(seconds=jobs.retention_seconds, bytes=jobs.retention_bytes),
        tracking=settings.model_dump(mode="json", include=_TRACKING),
        computing=settings.model_dump(mode="json", include=_COMPUTING),
    )
