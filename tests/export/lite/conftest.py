from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from export.lite.hmr.build import read_tables
from export.lite.hmr.graph import build_fitting
from export.lite.hmr.tables import BodyTables
from tests.export.lite.graphs import Graph

ROOT = Path(__file__).resolve().parents[3]
REPOSITORY = ROOT / "model_repository"


@pytest.fixture(scope="session")
def tables() -> BodyTables:
    return read_tables(REPOSITORY / "hmr_lite" / "body_model.npz")


@pytest.fixture(scope="session")
def fitting(tables: BodyTables) -> Graph:
    return Graph(build_fitting(tables))


@pytest.fixture(scope="session")
def detector_file() -> onnx.ModelProto:
    return onnx.load(REPOSITORY / "detector_lite" / "1" / "model.onnx")


@pytest.fixture(scope="session")
def finder_file() -> onnx.ModelProto:
    return onnx.load(REPOSITORY / "person_finder" / "1" / "model.onnx")


@pytest.fixture(scope="session")
def hmr_file() -> onnx.ModelProto:
    return onnx.load(REPOSITORY / "hmr_lite" / "1" / "model.onnx")


@pytest.fixture(scope="session")
def people() -> NDArray[np.uint8]:
    """Crops (16, 256, 256, 3): a rendered person in several brightnesses, mirrored, black, white and noise."""
    person = np.load(ROOT / "tests" / "data" / "lite_networks.npz")["crop"]
    noise = np.random.default_rng(0).integers(0, 256, person.shape, np.uint8)
    kinds = [person, person[:, ::-1], person // 2, np.zeros_like(person), np.full_like(person, 255), noise]
    return np.ascontiguousarray(np.stack([kinds[i % len(kinds)] for i in range(16)]))


@pytest.fixture(autouse=True)
def _quiet() -> None:
    onnxruntime.set_default_logger_severity(3)
