"""A second look through a real server finds whom it finds with the models in the process."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.triton.server import TritonServer
from tests.pipeline.second_look.looks import expected, look, opened
from tests.sessions.filtered_detector import FilteredDetector
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.triton.client import TritonClient
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import ArrayPicture, FoundBy, Frame, FrameResult
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.models import models_of
from tracker_service.wiring.run import RunOptions, open_run

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


def test_a_run_with_second_looks_is_the_same_for_every_window_and_over_the_server(
    clients: tuple[TritonClient, EmbeddedClient],
) -> None:
    with open_source(SAMPLE, end=Position(frame=6)) as source:
        frames = [replace(frame, picture=ArrayPicture(frame.image)) for frame in source]
    served, embedded = clients
    alone = run(frames, embedded, window=1)
    again = [person for result in alone for person in result.persons if person.found_by is FoundBy.SECOND_LOOK]
    assert {person.frame_number for person in again} >= {3, 4, 5}
    for results in (run(frames, embedded, window=5), run(frames, served, window=3)):
        assert len(results) == len(alone)
        for first, second in zip(alone, results, strict=True):
            for one, other in zip(first.persons, second.persons, strict=True):
                assert (one.track_id, one.state, one.found_by) == (other.track_id, other.state, other.found_by)
                np.testing.assert_allclose(one.box, other.box, atol=0.05)
                np.testing.assert_allclose(one.joints_2d, other.joints_2d, atol=0.05)
                np.testing.assert_allclose(one.body_pose, other.body_pose, rtol=1e-3, atol=2e-3)


def run(frames: Sequence[Frame], client: InferenceClient, *, window: int) -> list[FrameResult]:
    """Track frames in which the detector sees nobody from the fourth on, so that all are looked for again."""
    settings = load_settings(
        {
            "phalp": {"n_init": 2},
            "pipeline": {"window": window},
            "render": {"enable": False},
            "refinement": {"enable": False},
        }
    )
    images = {frame.number: frame.image for frame in frames}
    blinded = FilteredDetector(
        client, models_of(settings).detector, images, lambda number, boxes: np.full(len(boxes), number < 3)
    )
    tracked = open_run(RunOptions.of(settings), blinded, frames, 25.0, times=StageTimes())
    with closing(tracked):
        return [frame.result for frame in tracked.frames()]
