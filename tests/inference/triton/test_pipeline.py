"""The whole pipeline behind a real server whose processes are killed on the way: every frame, the same ids."""

import math
import threading
from pathlib import Path

import pytest

from harness.triton.environment import ServerEnvironment
from harness.triton.repository import build_repository, built_models
from harness.triton.server import TritonServer
from harness.video_run import compare, run_video, sources
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient

FRAMES = 16
DOWN_SECONDS = 2.0
LITE = ("detector_lite", "hmr_lite")


@pytest.mark.skipif(not sources(), reason="needs samples/snow_promenade.mp4 or the footage beside the project")
@pytest.mark.skipif(not set(LITE) <= set(built_models()), reason="needs the built lite models")
def test_a_video_tracked_across_a_crash_of_the_server_equals_the_embedded_run(
    environment: ServerEnvironment, tmp_path: Path
) -> None:
    source = next(iter(sources().values()))
    repository = build_repository(tmp_path / "models", LITE, quick=True)
    server = TritonServer(environment, repository, tmp_path / "log").start()
    crashing = threading.Thread(target=server.crash, args=(DOWN_SECONDS,))

    def on_frame(done: int) -> None:
        if done == 1:
            crashing.start()

    embedded = EmbeddedClient(server.repository, threads=1)
    client = TritonClient(server.url, InferenceParameters(budget_seconds=math.inf))
    try:
        run = run_video(client, source, FRAMES, on_frame)
        crashing.join()
        difference = compare(run, run_video(embedded, source, FRAMES))
        assert client.retries()["InferenceUnavailableError"] > 0, "the crash was not felt"
    finally:
        client.close()
        embedded.close()
        server.kill()
    assert len(run.ids) == FRAMES
    assert any(run.ids), "nobody was tracked: this compares nothing"
    assert difference["ids_identical"]
    assert difference["worst_joint_mm"] <= 0.1
