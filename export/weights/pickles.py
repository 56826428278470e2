"""Reads pickled arrays without running what a pickle can hold: no chumpy, no scipy, no dill.

The published `basicModel_neutral_lbs_10_207_0_v1.0.0.pkl` is a Python 2 pickle with chumpy arrays and a scipy sparse
matrix; `mean_std.npy` is an array of objects. The unpickler below knows numpy's own array constructors; chumpy's and
scipy's classes become plain boxes of their state, from which the numbers are taken. Any other class or function is
refused.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.errors import MissingFileError, TensorShapeError, UnreadableFileError, UnsafePickleError

_NUMPY_NAMES = {
    *((module, "_reconstruct") for module in ("numpy.core.multiarray", "numpy._core.multiarray")),
    *((module, "scalar") for module in ("numpy.core.multiarray", "numpy._core.multiarray")),
    *((module, "_frombuffer") for module in ("numpy.core.numeric", "numpy._core.numeric")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}
_PLAIN_NAMES = {
    ("_codecs", "encode"),
    ("copyreg", "_reconstructor"),
    ("builtins", "object"),
    ("collections", "OrderedDict"),
}
_PYTHON_2 = {"copy_reg": "copyreg", "__builtin__": "builtins"}
_BOXED_PACKAGES = ("chumpy", "scipy.sparse")


class _Box:
    """The state of an object whose class is not loaded."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = dict(state)


class _ArrayUnpickler(pickle.Unpickler):
    """Knows numpy arrays; boxes chumpy and scipy-sparse objects; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        module = _PYTHON_2.get(module, module)
        if (module, name) in _NUMPY_NAMES:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        if (module, name) in _PLAIN_NAMES:
            return super().find_class(module, name)
        if any(module == package or module.startswith(f"{package}.") for package in _BOXED_PACKAGES):
            return _Box
        raise UnsafePickleError(f"expected numpy, chumpy and scipy.sparse objects, got {module}.{name}, not loaded")


def read_pickle(path: Path) -> Any:
    """Return the content of a pickle of arrays, chumpy and scipy-sparse objects boxed.

    Raises:
        MissingFileError: no such file.
        UnsafePickleError: it names a class or function that is not on the list.
        UnreadableFileError: truncated, or no pickle.
    """
    return _unpickled(_content(path), path)


def read_npy(path: Path) -> NDArray[Any]:
    """Return the array in a ``.npy`` file; an array of objects is unpickled as `read_pickle` does it."""
    content = _content(path)
    try:
        return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))
    except ValueError as error:
        if "Object arrays" not in str(error):
            raise _unreadable(path, content, error) from error
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, _ = read_header(stream)
    return np.asarray(_unpickled(stream.read(), path)).reshape(shape)


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise MissingFileError(f"expected an array file, got {path}, which is not there")
    content = path.read_bytes()
    if content[:64].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise UnreadableFileError(f"{path}: expected arrays, got an HTML page (a login or error page?)")
    return content


def _unpickled(content: bytes, path: Path) -> Any:
    try:
        return _ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{path}: {error}") from None
    except Exception as error:  # a damaged pickle can fail anywhere, with any exception
        raise _unreadable(path, content, error) from error


def _unreadable(path: Path, content: bytes, error: Exception) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path}: expected a whole file of arrays, got {len(content)} bytes that cannot be read ({error})"
    )


def dense(value: object, name: str = "array") -> NDArray[np.float64]:
    """Return the numbers of an array, a boxed chumpy array or a boxed sparse matrix.

    Raises:
        TensorShapeError: it is none of these.
    """
    if isinstance(value, _Box):
        if "indptr" in value.state:
            return _dense_columns(value.state, name)
        if "idxs" in value.state:
            return _selected(value.state, name)
        value = value.state.get("x")
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.astype(np.float64)
    raise TensorShapeError(f"{name}: expected an array, a chumpy array or a sparse matrix, got {value!r:.60}")


def _selected(state: dict[str, Any], name: str) -> NDArray[np.float64]:
    """Return what chumpy's `Select` stands for: entries ``idxs`` of another array, in a shape of its own."""
    entries = dense(state.get("a"), name).ravel()
    places, shape = np.asarray(state["idxs"]).ravel(), tuple(state.get("preferred_shape") or (-1,))
    if places.size and not 0 <= places.min() <= places.max() < entries.size:
        raise TensorShapeError(f"{name}: expected places below {entries.size}, got {places.min()} to {places.max()}")
    selected: NDArray[np.float64] = entries[places].reshape(shape)
    return selected


def _dense_columns(state: dict[str, Any], name: str) -> NDArray[np.float64]:
    """Return a matrix in compressed columns (or rows: told from the length of the pointers) as a dense one."""
    rows, columns = (int(side) for side in state.get("_shape", state.get("shape", (0, 0))))
    data, indices, pointers = (np.asarray(state[key]) for key in ("data", "indices", "indptr"))
    lines = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
    result = np.zeros((rows, columns))
    if len(pointers) == columns + 1:
        np.add.at(result, (indices, lines), data)
    elif len(pointers) == rows + 1:
        np.add.at(result, (lines, indices), data)
    else:
        raise TensorShapeError(f"{name}: expected a compressed sparse matrix, got {len(pointers)} pointers")
    return result
