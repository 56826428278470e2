"""The full model set behind a real tritonserver: the same people as with the models in the process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.command_line import CommandLine
from harness.triton.environment import EnvironmentUnavailableError, server_environment
from harness.triton.server import TritonServer
from tests.export.full_set.runs import FRAMES, GATES, Run, track

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
    distance = np.linalg.norm(_joints(served) - _joints(expected), axis=-1)
    assert distance.max() < 1e-4  # metres
