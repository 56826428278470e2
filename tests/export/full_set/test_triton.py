"""The full model set behind a real tritonserver: the same people as with the models in the process."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.command_line import CommandLine
from harness.triton.environment import EnvironmentUnavailableError, server_environment
from harness.triton.server import TritonServer
from tests.export.full_set.runs import FRAMES, GATES, SAMPLE, Run, track
from tests.pipeline.second_look.looks import BLIND, expected, look, opened
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.triton.client import TritonClient
from tracker_service.video.source import Position, open_source

pytestmark = pytest.mark.registry
SERVED = ("appearance", "appearance_encoder", "detector", "hmr2", "hmr2_appearance", "pose_predictor")


@pytest.fixture(scope="module")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    try:
        environment = server_environment()
    except EnvironmentUnavailableError as error:
        pytest.skip(str(error))
    running = TritonServer(environment, repository, tmp_path_factory.mktemp("server") / "log").start()
    yield running
    running.kill()


def _joints(run: Run) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array([joints for frame in run.tracks for joints in frame["3d_joints"]], np.float64)


@pytest.mark.parametrize("predict", ["APL", "TPL"])
def test_served_run_has_the_ids_and_bodies_of_the_embedded_one(
    server: TritonServer,
    command_line: CommandLine,
    repository: Path,
    embedded: Callable[[str], Run],
    tmp_path: Path,
    predict: str,
) -> None:
    assert server.models == SERVED
    options = ("--inference", "triton", "--triton-url", server.url, *GATES, f"phalp.predict={predict}")
    expected, served = embedded(predict), track(command_line, repository, tmp_path, *options, frames=FRAMES[predict])
    assert (expected.status, served.status) == (0, 0), expected.error + served.error
    assert any(expected.ids)
    assert served.ids == expected.ids
    for key in ("people", "seen", "predicted", "frames", "dropped"):
        assert served.summary[key] == expected.summary[key]
    assert served.summary["settings"]["inference"]["kind"] == "triton"
    assert served.summary["settings"]["phalp"]["pose_predictor"] == "transformer"
    assert "pose_predictor" in served.summary["runs_on"]
    statistics = json.loads(server.get("/v2/models/hmr2_appearance/stats")[1])["model_stats"][0]
    assert statistics["inference_count"] > 0  # bodies and their looks came in one answer
    distance = np.linalg.norm(_joints(served) - _joints(expected), axis=-1)
    assert distance.max() < 1e-4  # metres


def test_the_full_set_looks_again_with_its_own_detector_where_no_finder_is_served(
    server: TritonServer, repository: Path
) -> None:
    with open_source(SAMPLE, end=Position(frame=1)) as source:
        frame = next(iter(source))
    people = np.array([[64, 268, 143, 538], [767, 262, 817, 505]], np.float32)
    settings: dict[str, Any] = {
        "model_set": "full",
        "inference": {"repository": repository},
        "phalp": {**BLIND, "second_pass_th": 0.3},
    }
    clients = TritonClient(server.url), EmbeddedClient(repository, threads=1)
    try:
        answers = []
        for client in clients:
            second_look, seen = opened(client, frame, **settings)
            seen = replace(seen, low_boxes=seen.low_boxes.take(np.zeros(0, np.int64)))
            answers.append(look(second_look, seen, expected(people)))
    finally:
        for client in clients:
            client.close()
    served, embedded = answers
    assert served is not None
    assert embedded is not None
    assert served.track_id.tolist() == embedded.track_id.tolist() == [7, 8]
    np.testing.assert_allclose(served.people.detections.boxes, embedded.people.detections.boxes, atol=0.05)
    np.testing.assert_allclose(served.people.appearance, embedded.people.appearance, atol=1e-2)
