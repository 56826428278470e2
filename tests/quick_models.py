"""For the ``conftest.py`` of a folder whose tests ask whether frames come, go on and stay, not how people are found."""

from collections.abc import Iterator

import pytest

from harness.graphs.quick_models import used, write_quick_models


@pytest.fixture(scope="package", autouse=True)
def quick_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have all runs and services of the folder take the quick models, unless they name others."""
    with used(write_quick_models(tmp_path_factory.mktemp("quick_models"))):
        yield
