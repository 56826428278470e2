"""The profile beyond the overlapped stages: decoder threads and requests, and what runs and clients take of them."""

from dataclasses import replace
from typing import Literal

import pytest

from tracker_service.settings import Settings
from tracker_service.wiring.profile import sized
from tracker_service.wiring.run import settings_in_use


def settings_with(sized_for: Literal["auto", "cpu", "gpu"] = "auto", max_in_flight: int = 4, jobs: int = 1) -> Settings:
    settings = Settings()
    pipeline = replace(settings.pipeline, sized_for=sized_for)
    changes = {
        "pipeline": pipeline,
        "inference": replace(settings.inference, max_in_flight=max_in_flight),
        "jobs": replace(settings.jobs, concurrency=jobs),
    }
    return settings.model_copy(update=changes)


@pytest.mark.parametrize(
    ("given", "devices", "decoder_threads", "max_in_flight", "jobs"),
    [
        (settings_with(), ["cpu"], 1, 4, 1),
        (settings_with(), ["cpu", "cuda"], 0, 8, 3),
        (settings_with(max_in_flight=6), ["cuda"], 0, 6, 3),
        (settings_with(jobs=2), ["cuda"], 0, 8, 2),
        (settings_with("cpu"), ["cuda"], 1, 4, 1),
        (settings_with("gpu"), [], 0, 8, 3),
    ],
    ids=["on a CPU", "on a GPU", "requests of one's own", "jobs of one's own", "not wanted", "wanted"],
)
def test_decoder_requests_and_jobs_follow_the_devices(
    given: Settings, devices: list[str], decoder_threads: int, max_in_flight: int, jobs: int
) -> None:
    taken = sized(given, devices, cores=6)
    sizes = taken.video.decoder_threads, taken.inference.max_in_flight, taken.jobs.concurrency
    assert sizes == (decoder_threads, max_in_flight, jobs)
    assert sized(taken, devices, cores=6) == taken


@pytest.mark.parametrize(("cores", "jobs"), [(1, 1), (2, 1), (4, 2), (64, 4)])
def test_a_gpu_gets_a_job_for_every_two_cores_and_no_more_than_four(cores: int, jobs: int) -> None:
    assert sized(settings_with(), ["cuda"], cores).jobs.concurrency == jobs


def test_the_record_of_a_run_has_the_sizes_in_use_and_the_threads_that_its_video_was_opened_with() -> None:
    record = settings_in_use(settings_with(), {"detector_lite": "cuda"})
    assert record["pipeline"]["window"] == 16
    assert record["inference"]["max_in_flight"] == 8
    assert record["video"]["decoder_threads"] == 1
