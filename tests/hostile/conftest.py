"""One service with small limits, which every attack of this folder meets, and a watch on a quiet client beside it."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from harness.running_service import RunningService
from tests.quick_models import quick_models

__all__ = ["quick_models"]

KEYS = ("attacker-key-of-the-tests", "quiet-key-of-the-tests")
ATTACKER = {"X-API-Key": KEYS[0]}
QUIET = {"X-API-Key": KEYS[1]}


@pytest.fixture(scope="package")
def fortress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A ready service with two keys and few connections."""
    folder = tmp_path_factory.mktemp("fortress")
    roots = orjson.dumps([str(folder)]).decode()
    settings = (
        f"service.api_keys={orjson.dumps(KEYS).decode()}",
        f"media.roots={roots}",
        "limits.connections=64",
        "limits.address_connections=32",
        "limits.head_bytes=16384",
        "limits.head_seconds=1",
        "live.most_streams=2",
    )
    with RunningService(folder, *settings, forked=True) as running:
        yield running


@pytest.fixture(scope="package")
def folder(fortress: RunningService) -> Path:
    """The service's media root."""
    return fortress.folder
