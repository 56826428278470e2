"""The profile: what the devices of the models make of sizes that were left as they are."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.jobs.queue.store_parameters import StoreParameters
from tracker_service.settings import Settings
from tracker_service.video.video_parameters import VideoParameters

_DECODER_THREADS = 0
"""On a GPU: the cores, at most four. The models leave them to the decoder."""
_REQUESTS = 8
"""On a GPU: three windows are computed at the same time, each can be more than one of the server's batches, and the
next poses and the second look come beside them."""
_MOST_JOBS = 4
"""On a GPU: a job for every two cores, at most so many. A job's process computes in one thread most of what a frame
costs beside its models, so one job alone leaves a large card idle; raising it takes half a gigabyte a job."""
_CORES_A_JOB = 2


def sized(settings: Settings, devices: Iterable[str], cores: int | None = None) -> Settings:
    """Return the settings with the sizes in use where the models run on these devices.

    Sizes that the user set stay. ``pipeline.sized_for`` becomes the profile that was taken.

    Args:
        settings: as they were given.
        devices: of the models.
        cores: that this process may use; None takes those that there are.
    """
    pipeline, video, inference = settings.pipeline.in_use(devices), settings.video, settings.inference
    jobs = settings.jobs
    if pipeline.sized_for == "gpu":
        if video.decoder_threads == VideoParameters.decoder_threads:
            video = replace(video, decoder_threads=_DECODER_THREADS)
        if inference.max_in_flight == InferenceParameters.max_in_flight:
            inference = replace(inference, max_in_flight=_REQUESTS)
        if jobs.concurrency == StoreParameters.concurrency:
            jobs = replace(jobs, concurrency=min(max((cores or _usable_cores()) // _CORES_A_JOB, 1), _MOST_JOBS))
    return settings.model_copy(update={"pipeline": pipeline, "video": video, "inference": inference, "jobs": jobs})


def sizes_of(settings: Settings) -> dict[str, int]:
    """Return the sizes that a profile chooses for a service, by the name of the setting; its jobs decode as is set."""
    pipeline = settings.pipeline
    return {
        "pipeline.window": pipeline.window,
        "pipeline.workers": pipeline.workers,
        "pipeline.in_flight": pipeline.in_flight,
        "inference.max_in_flight": settings.inference.max_in_flight,
        "jobs.concurrency": settings.jobs.concurrency,
    }


def _usable_cores() -> int:
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
