"""A second look through a real server finds whom it finds with the models in the process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.triton.server import TritonServer
from tests.pipeline.second_look.looks import expected, look, opened
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.triton.client import TritonClient
from tracker_service.types import Frame
from tracker_service.video.source import Position, open_source

SAMPLE = Path(__file__).resolve().parents[3] / "samples" / "snow_promenade.mp4"
PEOPLE = np.array([[64, 268, 143, 538], [767, 262, 817, 505]], np.float32)
"""Where two people are in the first frame."""


@pytest.fixture
def clients(server: TritonServer) -> Iterator[tuple[TritonClient, EmbeddedClient]]:
    served, embedded = TritonClient(server.url), EmbeddedClient(server.repository, threads=1)
    yield served, embedded
    served.close()
    embedded.close()


def test_the_server_finds_the_same_people(clients: tuple[TritonClient, EmbeddedClient]) -> None:
    with open_source(SAMPLE, end=Position(frame=1)) as source:
        frame: Frame = next(iter(source))
    served, embedded = (look(*opened(client, frame), expected(PEOPLE)) for client in clients)
    assert served is not None
    assert embedded is not None
    assert served.track_id.tolist() == embedded.track_id.tolist() == [7, 8]
    np.testing.assert_allclose(served.people.detections.boxes, embedded.people.detections.boxes, atol=0.05)
    np.testing.assert_allclose(served.people.joints_3d, embedded.people.joints_3d, atol=1e-4)
