"""Fixtures: the server's environment, and one server with the whole model set for all tests that only ask it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.triton.environment import EnvironmentUnavailableError, ServerEnvironment, server_environment
from harness.triton.repository import LITE_MODELS, build_repository, ensembles, served_models
from harness.triton.server import TritonServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and "environment" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.registry)


@pytest.fixture(scope="session")
def environment() -> ServerEnvironment:
    try:
        return server_environment()
    except EnvironmentUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="package")
def server(environment: ServerEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    folder: Path = tmp_path_factory.mktemp("triton")
    others = sorted(set(served_models()).difference(LITE_MODELS))
    repository = build_repository(folder / "models", (*others, *ensembles()))
    build_repository(repository, LITE_MODELS, quick=True)
    running = TritonServer(environment, repository, folder / "log").start()
    yield running
    running.kill()  # a polite end takes the server seconds
