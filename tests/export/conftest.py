"""PyTorch in one thread: the suite runs in a process a core, where more threads only wait for each other."""

from dataclasses import replace

import pytest
import torch

from export.graphs.model_version import write_version
from export.hmr2.checkpoint import load_hmr2
from export.hmr2.graph import served
from export.hmr2.random_checkpoint import write_random_checkpoint
from export.settings import ExportSettings
from tests.export.authors_files import HMR2_SIZES
from tests.export.synthetic_body import synthetic_body

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def exported_hmr2(tmp_path_factory: pytest.TempPathFactory) -> ExportSettings:
    """Where a reduced HMR2 with random weights, its body and the ONNX graph made from both lie; tests leave it so."""
    folder = tmp_path_factory.mktemp("exported_hmr2")
    settings = ExportSettings(weights=folder / "weights", repository=folder / "models")
    settings.weights.mkdir()
    body = settings.repository / "hmr2" / "body_model.npz"
    synthetic_body().write(body)
    checkpoint = write_random_checkpoint(settings.weights / "hmr2.ckpt", HMR2_SIZES)
    graph = served(load_hmr2(checkpoint, synthetic_body(), HMR2_SIZES))
    write_version(replace(graph, sources=(checkpoint, body)), settings.repository)
    return settings
