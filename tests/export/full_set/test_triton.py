"""The full model set behind a real tritonserver: the same people as with the models in the process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.triton.environment import EnvironmentUnavailableError, server_environment
from harness.triton.server import TritonServer
from tests.export.full_set.runs import GATES, Run, track

pytestmark = pytest.mark.registry
SERVED = ("appearance", "appearance_encoder", "detector", "hmr2")


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
    server: TritonServer, repository: Path, tmp_path: Path, predict: str
) -> None:
    assert server.models == SERVED
    shared = (*GATES, f"phalp.predict={predict}")
    url = ("--inference", "triton", "--triton-url", server.url)
    embedded = track(repository, tmp_path / "embedded", *shared, "--inference", "embedded", frames=16)
    served = track(repository, tmp_path / "served", *shared, *url, frames=16)
    assert (embedded.status, served.status) == (0, 0), embedded.error + served.error
    assert any(embedded.ids)
    assert served.ids == embedded.ids
    for key in ("people", "seen", "predicted", "frames", "dropped"):
        assert served.summary[key] == embedded.summary[key]
    assert served.summary["settings"]["inference"]["kind"] == "triton"
    distance = np.linalg.norm(_joints(served) - _joints(embedded), axis=-1)
    assert distance.max() < 1e-4  # metres
