"""Fixtures: one service for all tests that only ask it, which ends with them, and a way to start others."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from harness.running_service import RunningService
from harness.waiting import until
from tests.api.video_service import JOB_FRAMES, VideoService
from tests.quick_models import quick_models

__all__ = ["quick_models"]

StartService: TypeAlias = Callable[..., RunningService]


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A ready service with the lite models."""
    with RunningService(tmp_path_factory.mktemp("service"), forked=True) as running:
        yield running


@pytest.fixture(scope="package")
def video_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoService]:
    """A service that may open videos below its own folder, which Windows clients call ``C:\\Users\\me``."""
    with VideoService(tmp_path_factory.mktemp("videos")) as running:
        yield running


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Start services with settings of their own, as ``start_service("limits.client_requests=2", ready=False)``."""
    started: list[RunningService] = []

    def start(*settings: str, ready: bool = True, **options: Any) -> RunningService:
        folder = tmp_path / f"service{len(started)}"
        folder.mkdir()
        started.append(RunningService(folder, *settings, **{"forked": True, **options}))
        return started[-1].start(ready=ready)

    yield start
    for running in started:
        running.kill()


@pytest.fixture(scope="package")
def done(video_service: VideoService) -> str:
    """A complete job with overlay."""
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=JOB_FRAMES, overlay=True)
    video_service.wait_complete(job_id)
    return job_id


@pytest.fixture
def running(video_service: VideoService) -> Iterator[str]:
    """A job that runs for seconds and has written some frames."""
    video_service.wait_idle()
    job_id = video_service.queue(max_frames=None)
    until(lambda: bool(video_service.job(job_id)["frames_done"]))
    yield job_id
    if video_service.get(f"/jobs/{job_id}").status_code == 200:
        video_service.delete(job_id)
