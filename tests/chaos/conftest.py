"""Fixtures: the clip, tritonserver's environment, rounds with a running tree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.chaos.rounds import Round, embedded_round, triton_round
from harness.clips import cut
from harness.triton.environment import EnvironmentUnavailableError, server_environment
from tests.quick_models import quick_models

__all__ = ["quick_models"]

FRAMES = 16


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 frames with two or three people."""
    return cut(tmp_path_factory.mktemp("videos") / "walk.mp4", FRAMES)


@pytest.fixture(scope="package")
def embedded(tmp_path_factory: pytest.TempPathFactory, video: Path) -> Iterator[Round]:
    with embedded_round(tmp_path_factory.mktemp("embedded"), video) as running:
        yield running


@pytest.fixture(scope="module")
def triton(tmp_path_factory: pytest.TempPathFactory, video: Path) -> Iterator[Round]:
    try:
        environment = server_environment()
    except EnvironmentUnavailableError as error:
        pytest.skip(str(error))
    with triton_round(environment, tmp_path_factory.mktemp("triton"), video) as running:
        yield running
