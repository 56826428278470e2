"""The pose predictor behind a real server: one request a frame, and the poses of the one in the process."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from harness.triton.server import TritonServer
from harness.waiting import until
from tests.phalp.people import FRAME_SIZE, Person, people
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.triton.client import TritonClient
from tracker_service.phalp.pose.pose_transformer import TransformerPosePredictor
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.models.networks import pose_transformer
from tracker_service.types import Float32, Int64

NAME = "pose_predictor"


@pytest.fixture
def served(server: TritonServer) -> Iterator[TransformerPosePredictor]:
    client = TritonClient(server.url)
    yield pose_transformer(client, NAME)
    client.close()


@pytest.fixture
def embedded(server: TritonServer) -> Iterator[TransformerPosePredictor]:
    client = EmbeddedClient(server.repository, threads=1)
    yield pose_transformer(client, NAME)
    client.close()


def counts(server: TritonServer) -> tuple[int, int]:
    """Return how many requests and how many rows the server has answered."""
    (statistics,) = json.loads(server.get(f"/v2/models/{NAME}/stats")[1])["model_stats"]
    return int(statistics["inference_stats"]["success"]["count"]), int(statistics["inference_count"])


def histories(tracks: int, sightings: int = 7) -> tuple[Float32, Int64, Int64]:
    generator = np.random.default_rng(tracks)
    poses = generator.normal(size=(tracks, sightings, 229)).astype(np.float32)
    times = np.sort(generator.integers(0, 40, (tracks, sightings)), axis=1)
    return poses, times, generator.integers(1, 5, tracks)


@pytest.mark.parametrize(("tracks", "sightings"), [(3, 7), (70, 10)])
def test_served_poses_are_those_of_the_process(
    served: TransformerPosePredictor, embedded: TransformerPosePredictor, tracks: int, sightings: int
) -> None:
    history = histories(tracks, sightings)
    expected = embedded.begin(*history)()
    assert expected.std() > 0.1
    np.testing.assert_allclose(served.begin(*history)(), expected, atol=1e-5)


def test_videos_ask_at_the_same_time(served: TransformerPosePredictor, embedded: TransformerPosePredictor) -> None:
    videos = [histories(tracks) for tracks in range(1, 9)]
    with ThreadPoolExecutor(len(videos)) as threads:
        pending = list(threads.map(lambda history: served.begin(*history), videos))
    for history, poses in zip(videos, pending, strict=True):
        np.testing.assert_allclose(poses(), embedded.begin(*history)(), atol=1e-5)


def test_a_tracker_sends_one_request_a_frame_for_all_its_tracks(
    server: TritonServer, served: TransformerPosePredictor
) -> None:
    tracker = Tracker(TrackerParameters(), pose_predictor=served)
    requests, rows = counts(server)
    for time in range(4):
        tracker.update(people(Person(200), Person(600, look=1), Person(1000, look=2)), time, FRAME_SIZE)
    assert len(tracker.predict(4).pose) == 3  # begun when frame 3 was done, and awaited here
    until(lambda: counts(server) == (requests + 4, rows + 12))  # the server counts after it has answered
