from collections.abc import Iterator

import pytest

from tests.people.painted_body import REPOSITORY, load_body
from tracker_service.body.model import BodyModel
from tracker_service.inference.embedded import EmbeddedClient


@pytest.fixture(scope="session")
def standin_body() -> BodyModel:
    return load_body()


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    client = EmbeddedClient(REPOSITORY, threads=2)
    yield client
    client.close()
