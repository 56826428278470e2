"""SMPL's pickles are read without chumpy, scipy or trust, and become `body_model.npz`."""

import os
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_matrix

from export.body.body_model import BodyModel
from export.body.smpl_file import read_smpl
from export.errors import MissingFileError, MissingTensorError, TensorShapeError, UnreadableFileError, UnsafePickleError
from export.weights.pickles import dense, read_npy, read_pickle
from tests.export.synthetic_body import synthetic_body

FIELDS = BodyModel.__slots__


class Ch:
    """Stands in for chumpy's array while the pickle is written: same module, name and state."""

    def __init__(self, x: np.ndarray[Any, Any]) -> None:
        self.x = x


class Select:
    """Stands in for chumpy's slice of an array, as the authors store shapes cut from more."""

    def __init__(self, a: Ch, idxs: np.ndarray[Any, Any], preferred_shape: tuple[int, ...]) -> None:
        self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape


class _Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harm",)


@pytest.fixture
def chumpy(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("chumpy.ch")
    module.Ch = Ch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "chumpy", ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    monkeypatch.setattr(Ch, "__module__", "chumpy.ch")
    reordering = ModuleType("chumpy.reordering")
    reordering.Select = Select  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "chumpy.reordering", reordering)
    monkeypatch.setattr(Select, "__module__", "chumpy.reordering")


def _smpl() -> dict[str, Any]:
    """The synthetic body as the authors' file stores it: float64, chumpy, sparse, 300 shapes."""
    body = synthetic_body()
    kintree = np.stack([body.parents, np.arange(24)]).astype(np.uint32)
    shapes = np.concatenate([body.shapedirs, np.ones((6890, 3, 2), np.float32)], axis=2)
    return {
        "v_template": Ch(body.v_template.astype(np.float64)),
        "shapedirs": Ch(shapes.astype(np.float64)),
        "posedirs": body.posedirs.T.reshape(6890, 3, 207).astype(np.float64),
        "J_regressor": csc_matrix(body.J_regressor.astype(np.float64)),
        "weights": Ch(body.lbs_weights.astype(np.float64)),
        "f": body.faces.astype(np.uint32),
        "kintree_table": kintree,
        "bs_type": "lrotmin",
    }


def _write(folder: Path, smpl: object, protocol: int = 2) -> tuple[Path, Path]:
    model, extra = folder / "SMPL_NEUTRAL.pkl", folder / "SMPL_to_J19.pkl"
    model.write_bytes(pickle.dumps(smpl, protocol=protocol))
    extra.write_bytes(pickle.dumps(synthetic_body().joint_regressor_extra.astype(np.float64), protocol=protocol))
    return model, extra


@pytest.mark.usefixtures("chumpy")
@pytest.mark.parametrize("protocol", [2, 4])
def test_published_pickle_and_its_npz_hold_the_same_body(tmp_path: Path, protocol: int) -> None:
    body = read_smpl(*_write(tmp_path, _smpl(), protocol))
    body.write(tmp_path / "out" / "body_model.npz")
    again = BodyModel.read(tmp_path / "out" / "body_model.npz")
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(body, name), getattr(synthetic_body(), name), err_msg=name)
        np.testing.assert_array_equal(getattr(again, name), getattr(body, name), err_msg=name)
        assert getattr(again, name).dtype == getattr(body, name).dtype
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["body_model.npz"]


@pytest.mark.usefixtures("chumpy")
@pytest.mark.parametrize(
    ("places", "shape", "expected"),
    [([1, 0, 5, 4], (2, 2), [[1, 0], [5, 4]]), ([2], None, [2]), ([6], (1,), TensorShapeError)],
)
def test_slice_of_a_chumpy_array(tmp_path: Path, places: list[int], shape: Any, expected: Any) -> None:
    content = Select(Ch(np.arange(6.0).reshape(2, 3)), np.array(places), shape)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(content, protocol=2))
    if isinstance(expected, list):
        np.testing.assert_array_equal(dense(read_pickle(tmp_path / "m.pkl")), expected)
    else:
        with pytest.raises(expected, match="expected places below 6, got 6 to 6"):
            dense(read_pickle(tmp_path / "m.pkl"))


def test_rows_and_columns_of_sparse_matrices(tmp_path: Path) -> None:
    matrix = np.array([[0, 2.5, 0], [1, 0, 0]])
    for kind in (csc_matrix, csr_matrix):
        (tmp_path / "m.pkl").write_bytes(pickle.dumps(kind(matrix)))
        np.testing.assert_array_equal(dense(read_pickle(tmp_path / "m.pkl")), matrix)


def test_python_2_pickle_with_byte_strings(tmp_path: Path) -> None:
    # What Python 2 wrote for {'bs_type': 'lrotmin', 'n': object()}: str as SHORT_BINSTRING, __builtin__, copy_reg.
    content = (
        b"\x80\x02}q\x01(U\x07bs_typeq\x02U\x07lrotminq\x03U\x01nq\x04"
        b"ccopy_reg\n_reconstructor\nq\x05(c__builtin__\nobject\nq\x06h\x06Ntq\x07Rq\x08u."
    )
    (tmp_path / "old.pkl").write_bytes(content)
    assert read_pickle(tmp_path / "old.pkl")["bs_type"] == "lrotmin"


@pytest.mark.usefixtures("chumpy")
@pytest.mark.parametrize(
    ("name", "value", "message", "error"),
    [
        ("weights", None, "missing weights", MissingTensorError),
        ("v_template", Ch(np.zeros((6891, 3))), r"shapedirs: expected shape \(6891, 3, 10\)", TensorShapeError),
        ("posedirs", "no array", "posedirs: expected an array", TensorShapeError),
        ("kintree_table", np.zeros((2, 24), np.uint32), "expected SMPL's 24 joints", TensorShapeError),
        ("f", np.full((13776, 3), 6890), "faces: expected vertices below 6890", TensorShapeError),
    ],
)
def test_deviating_body_is_refused(
    tmp_path: Path, name: str, value: object, message: str, error: type[Exception]
) -> None:
    smpl = _smpl()
    if value is None:
        del smpl[name]
    else:
        smpl[name] = value
    with pytest.raises(error, match=message):
        read_smpl(*_write(tmp_path, smpl))


@pytest.mark.parametrize(
    ("content", "message", "error"),
    [
        (None, "not there", MissingFileError),
        (b"", "cannot be read", UnreadableFileError),
        (b"<html><body>Please log in", "HTML page", UnreadableFileError),
        (pickle.dumps(np.arange(1000))[:-100], "cannot be read", UnreadableFileError),
        (pickle.dumps(_Harmful()), r"posix\.mkdir", UnsafePickleError),
        (pickle.dumps(Path()), r"pathlib", UnsafePickleError),
    ],
)
def test_pickle_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, message: str, error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.pkl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=message):
        read_pickle(path)
    assert not (tmp_path / "harm").exists()


def test_body_model_with_an_array_missing(tmp_path: Path) -> None:
    np.savez(tmp_path / "body_model.npz", v_template=np.zeros((5, 3), np.float32))
    with pytest.raises(TensorShapeError, match="missing shapedirs"):
        BodyModel.read(tmp_path / "body_model.npz")


def test_npy_files_with_numbers_and_with_objects(tmp_path: Path) -> None:
    parts = np.empty(2, object)
    parts[:] = [np.arange(3.0)[None], np.ones((1, 3))]
    np.save(tmp_path / "objects.npy", parts, allow_pickle=True)
    np.save(tmp_path / "numbers.npy", np.arange(6).reshape(2, 3))
    mean, std = read_npy(tmp_path / "objects.npy")
    np.testing.assert_array_equal(mean, [[0, 1, 2]])
    np.testing.assert_array_equal(std, [[1, 1, 1]])
    np.testing.assert_array_equal(read_npy(tmp_path / "numbers.npy"), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", UnreadableFileError), (b"\x93NUMPY\x01\x00", UnreadableFileError), (None, MissingFileError)],
)
def test_npy_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, error: type[Exception]) -> None:
    if content is not None:
        (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(error):
        read_npy(tmp_path / "a.npy")


def test_npy_file_with_a_foreign_object_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    harmful = np.empty(1, object)
    harmful[0] = _Harmful()
    np.save(tmp_path / "a.npy", harmful, allow_pickle=True)
    with pytest.raises(UnsafePickleError, match="mkdir"):
        read_npy(tmp_path / "a.npy")
    assert not (tmp_path / "harm").exists()
