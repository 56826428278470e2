"""Fixtures: a service with a clip, pictures of it, and a line to it that breaks."""

from collections.abc import Iterator

import cv2
import pytest

from tests.api.video_service import SAMPLE, VideoService
from tests.client.breaking_line import BreakingLine


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoService]:
    """A ready service that takes one unfinished job of a client at a time."""
    with VideoService(tmp_path_factory.mktemp("service"), "jobs.client_jobs=1") as running:
        yield running


@pytest.fixture(scope="session")
def pictures() -> list[bytes]:
    """The first frames of the sample as JPEG."""
    clip = cv2.VideoCapture(str(SAMPLE))
    return [cv2.imencode(".jpg", clip.read()[1])[1].tobytes() for _ in range(6)]


@pytest.fixture
def broken(service: VideoService) -> Iterator[BreakingLine]:
    """A line to the service on which every answer breaks off after some bytes."""
    with BreakingLine(service.url, answer_bytes=16_000) as line:
        yield line
