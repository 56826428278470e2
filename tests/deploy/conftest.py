"""Fixtures: programs that come with Debian, and one running stack of real processes for all tests that query it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.triton.environment import EnvironmentUnavailableError, server_environment
from tests.deploy.debian_programs import ProgramUnavailableError, program
from tests.deploy.running_stack import RunningStack

Find = Callable[[str], Path]


@pytest.fixture(scope="session")
def find() -> Find:
    """Return a program's path, or skip the test with the reason why it is not there."""

    def path(name: str) -> Path:
        try:
            return program(name)
        except ProgramUnavailableError as error:
            pytest.skip(str(error))

    return path


@pytest.fixture(scope="package")
def stack(find: Find, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Triton, the tracker and Prometheus as processes, used for a moment and scraped."""
    try:
        environment = server_environment()
    except EnvironmentUnavailableError as error:
        pytest.skip(str(error))
    with RunningStack(environment, find("prometheus"), tmp_path_factory.mktemp("live")) as live:
        yield live
