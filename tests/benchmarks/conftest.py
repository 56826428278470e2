"""Fixtures: where a real tritonserver is taken from."""

import pytest

from harness.triton.environment import EnvironmentUnavailableError, ServerEnvironment, server_environment


@pytest.fixture(scope="session")
def environment() -> ServerEnvironment:
    try:
        return server_environment()
    except EnvironmentUnavailableError as error:
        pytest.skip(str(error))
