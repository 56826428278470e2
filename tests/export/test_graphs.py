"""Exported graphs against PyTorch, and what the repository looks like after a good and a bad export."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from export.errors import ParityError
from export.files import sha256_of
from export.graphs import onnx_graph
from export.graphs.choices import Format, Precision
from export.graphs.model_version import read_record, write_version
from export.graphs.parity import ONNX_FILE, Comparison, compare, references, table
from export.graphs.samples import pictures
from export.graphs.served_graph import Arrays, ServedGraph
from export.graphs.torchscript import constant_devices, load_torchscript
from export.hmr2.checkpoint import load_hmr2
from export.hmr2.graph import served
from export.settings import ExportSettings
from tests.export.authors_files import HMR2_SIZES
from tests.export.synthetic_body import synthetic_body
from tracker_service.errors import ExportError
from tracker_service.inference.client import TensorSpec
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.verification import measures
from tracker_service.inference.verification.measures import Measure, numbers


def _hmr2(exported: ExportSettings) -> ServedGraph:
    """The network that is exported already, built again: half precision is cast in place."""
    checkpoint = exported.weights / "hmr2.ckpt"
    return served(load_hmr2(checkpoint, synthetic_body(), HMR2_SIZES), (checkpoint,))


FORMATS = (Format.ONNX, Format.TORCHSCRIPT)
"""Those that the embedded client and PyTorch run; `graphs/test_inductor.py` compiles the third."""
Exports = dict[tuple[Format, Precision], tuple[Path, tuple[Comparison, ...]]]


@pytest.fixture(scope="module")
def exports(exported_hmr2: ExportSettings, tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """The reduced network in both formats and precisions: version folder and parity of each."""
    result = {}
    for precision in Precision:
        folder = tmp_path_factory.mktemp(str(precision))
        version = folder / "hmr2" / "1"
        if precision is Precision.FP32:
            shutil.copytree(exported_hmr2.repository / "hmr2" / "1", version)
            graph = _hmr2(exported_hmr2)
            rows = compare(graph, version / ONNX_FILE, precision, references(graph, (1, 2)))
        else:
            rows = write_version(_hmr2(exported_hmr2), folder, Format.ONNX, precision)
        result[Format.ONNX, precision] = (version, rows)
        rows = write_version(_hmr2(exported_hmr2), folder, Format.TORCHSCRIPT, precision)
        result[Format.TORCHSCRIPT, precision] = (version, rows)
    return result


@pytest.fixture(scope="module")
def repository(exports: Exports) -> Path:
    return exports[Format.ONNX, Precision.FP32][0].parents[1]


def test_both_formats_stand_beside_each_other_with_their_records(
    repository: Path, exported_hmr2: ExportSettings
) -> None:
    checkpoint = sha256_of(exported_hmr2.weights / "hmr2.ckpt")
    folder = repository / "hmr2" / "1"
    assert sorted(path.name for path in folder.iterdir()) == ["export.json", "golden.npz", "model.onnx", "model.pt"]
    record = json.loads((folder / "export.json").read_text())
    for name in ("model.onnx", "model.pt"):
        assert record[name]["precision"] == "fp32"
        assert record[name]["sources"]["hmr2.ckpt"] == checkpoint
        assert record[name]["files"] == {name: sha256_of(folder / name)}
        assert record[name].get("on_cpu") == ([] if name == "model.onnx" else None)
        assert all(row["passed"] for row in record[name]["parity"])
    assert constant_devices(load_torchscript(folder / "model.pt")) == ()
    assert [path.name for path in (repository / "hmr2").iterdir()] == ["1"]


def test_onnx_file_has_the_tensors_of_the_contract(repository: Path) -> None:
    client = EmbeddedClient(repository, threads=1)
    spec = client.signature("hmr2")
    assert {name: (str(tensor.dtype), tensor.shape) for name, tensor in spec.inputs.items()} == {
        "crops": ("uint8", (256, 256, 3))
    }
    assert {name: tensor.shape for name, tensor in spec.outputs.items()} == {
        "global_orient": (1, 3, 3),
        "body_pose": (23, 3, 3),
        "betas": (10,),
        "pred_cam": (3,),
        "joints_3d": (44, 3),
        "vertices": (6890, 3),
        "presence": (1,),
    }
    assert {str(tensor.dtype) for tensor in spec.outputs.values()} == {"float32"}
    client.close()


def test_batch_is_free_and_rows_do_not_influence_each_other(repository: Path) -> None:
    client = EmbeddedClient(repository, threads=1)
    crops = pictures(5, 256, 256, np.random.default_rng(7))
    together = client.infer("hmr2", {"crops": crops}, ["joints_3d"])["joints_3d"]
    for row in range(5):
        alone = client.infer("hmr2", {"crops": crops[row : row + 1]}, ["joints_3d"])["joints_3d"]
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)
    client.close()


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("precision", Precision)
def test_every_format_and_precision_holds_the_limits(
    exports: Exports, file_format: Format, precision: Precision
) -> None:
    _, rows = exports[file_format, precision]
    assert all(row.passed for row in rows), table(rows)
    points = [row for row in rows if row.output in {"joints_3d", "vertices"}]
    assert max(row.maximum for row in points) <= (0.1 if precision is Precision.FP32 else 5)
    if precision is Precision.FP16:  # it really is another precision
        assert max(row.maximum for row in points) > 1e-3


def test_half_precision_keeps_geometry_and_readouts_in_full_precision(
    exports: Exports, exported_hmr2: ExportSettings
) -> None:
    graph = _hmr2(exported_hmr2)
    assert graph.lower is not None
    graph.lower(graph.module, torch.float16)
    halves = {name: value for name, value in graph.module.named_parameters() if value.dtype == torch.float16}
    exact = ("norm", "readout", "position", "decoder.layers")
    assert not [name for name in halves if any(part in name for part in exact)]
    assert "decoder.keys_values.weight" in halves
    assert {value.dtype for value in graph.module.buffers()} == {torch.float32, torch.int64}
    folder = exports[Format.ONNX, Precision.FP16][0]
    assert read_record(folder)["model.onnx"]["on_cpu"] == []
    proto = onnx.load(folder / "model.onnx")
    stored = [tensor for tensor in proto.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16]
    in_file = sum(int(np.prod(tensor.dims)) for tensor in stored)
    assert in_file == pytest.approx(sum(value.numel() for value in halves.values()), rel=1e-3)


class _Doubling(nn.Module):
    """In FP16 the factor is rounded; with ``wrong`` the exported graph differs from the eager one."""

    def __init__(self, *, wrong: bool, width: int) -> None:
        super().__init__()
        self.wrong = wrong
        self.layer = nn.Linear(width, width)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layer(values)
        return result + 1 if self.wrong and torch.compiler.is_exporting() else result


def _toy(*, wrong: bool = False, width: int = 3, measure: Measure | None = None) -> ServedGraph:
    def sample(count: int, generator: np.random.Generator) -> Arrays:
        return {"values": generator.normal(size=(count, width)).astype(np.float32)}

    return ServedGraph(
        name="toy",
        module=_Doubling(wrong=wrong, width=width).eval(),
        inputs=(TensorSpec("values", np.dtype(np.float32), (width,)),),
        outputs=("doubled",),
        sample=sample,
        measures={"doubled": measure or numbers(1e-5, 1e-2)},
    )


def test_weights_above_the_limit_of_one_file_stand_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "FILE_LIMIT", 1_000_000)
    rows = write_version(_toy(width=600, measure=numbers(1e-4, 1e-2)), tmp_path)
    folder = tmp_path / "toy" / "1"
    assert sorted(path.name for path in folder.iterdir()) == [
        "export.json",
        "golden.npz",
        "model.onnx",
        "model.onnx.data",
    ]
    assert (folder / "model.onnx").stat().st_size < 1_000_000 < (folder / "model.onnx.data").stat().st_size
    assert set(read_record(folder)["model.onnx"]["files"]) == {"model.onnx", "model.onnx.data"}
    assert all(row.passed for row in rows)


def test_graph_that_is_too_far_away_leaves_the_repository_as_it_was(tmp_path: Path) -> None:
    write_version(_toy(), tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "toy" / "1").iterdir()}
    with pytest.raises(ParityError, match="FAIL"):
        write_version(_toy(wrong=True), tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "toy" / "1").iterdir()} == before
    assert [path.name for path in (tmp_path / "toy").iterdir()] == ["1"]


def test_model_without_a_lower_precision_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="expected precision fp32"):
        write_version(_toy(), tmp_path, precision=Precision.FP16)
    assert not (tmp_path / "toy").exists()


def test_not_a_number_fails_the_comparison(tmp_path: Path) -> None:
    graph = _toy(measure=numbers(1, 1))
    (reference,) = references(graph, (2,))
    expected = [replace(reference, outputs={"doubled": np.full((2, 3), np.nan)})]
    write_version(_toy(), tmp_path)
    rows = compare(graph, tmp_path / "toy" / "1" / "model.onnx", "fp32", expected)
    assert [row.passed for row in rows] == [False]
    assert "FAIL" in table(rows)


@pytest.mark.parametrize(
    ("distance", "expected", "got", "value"),
    [
        (measures.millimetres, np.zeros((1, 3)), np.array([[0.003, 0, 0.004]]), [5.0]),
        (measures.nearest_box, np.zeros((1, 1, 4)), np.array([[[9, 9, 9, 9], [0.5, -2, 0, 1]]]), [[2.0]]),
        (measures.degrees, np.eye(3)[None], np.array([[[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]]), [90.0]),
        (measures.relative, np.array([[3.0, 4.0]]), np.array([[3.0, 4.5]]), [0.1]),
    ],
)
def test_distances_in_their_units(
    distance: Callable[..., np.ndarray[tuple[int], np.dtype[np.float64]]],
    expected: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    got: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    value: list[float],
) -> None:
    np.testing.assert_allclose(distance(expected, got), value, atol=1e-12)
