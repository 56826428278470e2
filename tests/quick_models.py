"""For the ``conftest.py`` of a folder whose tests ask whether frames come, go on and stay, not how people are found."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="package", autouse=True)
def quick_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have all runs and services of the folder take the quick models, unless they name others."""
    if find_spec("onnx") is None:  # `make floors` installs what runs models, not what makes them
        yield
        return
    from harness.graphs.quick_models import write_quick_models

    repository = write_quick_models(tmp_path_factory.mktemp("quick_models"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHALP_TRITON_INFERENCE__REPOSITORY", str(repository))  # new processes have it, too
        yield
