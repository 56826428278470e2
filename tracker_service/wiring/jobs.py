"""From the settings to the job store."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from tracker_service.jobs.queue.observer import JobObserver
from tracker_service.jobs.queue.store_parameters import StoreParameters
from tracker_service.settings import Settings
from tracker_service.wiring.job_settings import COMPUTING, READING, TRACKING

if TYPE_CHECKING:
    from tracker_service.jobs.queue.store import JobStore


def open_job_store(settings: Settings, observer: JobObserver | None = None) -> "JobStore":
    """Return the store that the settings ask for; it computes nothing before its `start`.

    The environment variable DATABASE_URL stands in for ``jobs.database_url``.

    Args:
        settings: the whole tree; how videos are tracked is kept with each job when it is submitted.
        observer: is told what running jobs do.
    """
    # Reading DBOS and SQLAlchemy takes a fifth of the service's start; it listens before.
    from tracker_service.jobs.queue.store import JobStore

    return JobStore(
        store_parameters(settings),
        tracking=settings.model_dump(mode="json", include=TRACKING),
        computing=settings.model_dump(mode="json", include={**COMPUTING, **READING}),
        observer=observer,
        webhooks=settings.webhooks,
    )


def store_parameters(settings: Settings) -> StoreParameters:
    """Return the settings of the store, with the database of the environment where they name none."""
    url = os.environ.get("DATABASE_URL")
    if settings.jobs.database_url is None and url:
        return replace(settings.jobs, database_url=SecretStr(url))
    return settings.jobs
