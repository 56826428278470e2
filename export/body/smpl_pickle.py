"""Reads SMPL's pickles without running them: no chumpy, no scipy, no dill.

The published `basicModel_neutral_lbs_10_207_0_v1.0.0.pkl` is a Python 2 pickle with chumpy arrays and a scipy sparse
matrix. The unpickler below knows numpy's own array constructors; chumpy's and scipy's classes become plain boxes of
their state, from which the numbers are taken. Any other class or function is refused.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.body.body_model import EXTRA_VERTICES, JOINT_MAP, NUMBER_OF_BETAS, PARENTS, BodyModel
from export.errors import MissingFileError, MissingTensorError, TensorShapeError, UnreadableFileError, UnsafePickleError

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


class _SmplUnpickler(pickle.Unpickler):
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
    if not path.is_file():
        raise MissingFileError(f"expected a pickle, got {path}, which is not there")
    content = path.read_bytes()
    if content[:64].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise UnreadableFileError(f"{path}: expected a pickle, got an HTML page (a login or error page?)")
    try:
        return _SmplUnpickler(io.BytesIO(content), encoding="latin1").load()
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{path}: {error}") from None
    except Exception as error:  # a damaged pickle can fail anywhere, with any exception
        raise UnreadableFileError(
            f"{path}: expected a whole pickle, got {len(content)} bytes that cannot be read ({error})"
        ) from error


def dense(value: object, name: str = "array") -> NDArray[np.float64]:
    """Return the numbers of an array, a boxed chumpy array or a boxed sparse matrix.

    Raises:
        TensorShapeError: it is none of these.
    """
    if isinstance(value, _Box):
        if "indptr" in value.state:
            return _dense_columns(value.state, name)
        value = value.state.get("x")
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.astype(np.float64)
    raise TensorShapeError(f"SMPL, {name}: expected an array, a chumpy array or a sparse matrix, got {value!r:.60}")


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
        raise TensorShapeError(f"SMPL, {name}: expected a compressed sparse matrix, got {len(pointers)} pointers")
    return result


def read_smpl(model: Path, extra_joints: Path) -> BodyModel:
    """Return the body from the authors' files.

    Args:
        model: `SMPL_NEUTRAL.pkl`, or the original `basicModel_neutral_lbs_10_207_0_v1.0.0.pkl`.
        extra_joints: `SMPL_to_J19.pkl`, the (19, V) regressor of HMR2's last joints.

    Raises:
        MissingTensorError: an entry of the model is missing.
        TensorShapeError: an entry has another shape.
    """
    content = read_pickle(model)
    needed = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f", "kintree_table")
    missing = [name for name in needed if not isinstance(content, dict) or name not in content]
    if missing:
        raise MissingTensorError(f"{model}: expected SMPL's arrays, missing {', '.join(missing)}")
    arrays = {name: dense(content[name], name) for name in needed}
    parents = arrays["kintree_table"][0].astype(np.int64).copy()
    parents[0] = -1
    if not np.array_equal(parents, PARENTS):
        raise TensorShapeError(f"{model}: expected SMPL's 24 joints, got parents {parents.tolist()}")
    directions = arrays["posedirs"]
    return BodyModel(
        v_template=arrays["v_template"].astype(np.float32),
        shapedirs=arrays["shapedirs"][..., :NUMBER_OF_BETAS].astype(np.float32),
        posedirs=directions.reshape(-1, directions.shape[-1]).T.astype(np.float32),
        J_regressor=arrays["J_regressor"].astype(np.float32),
        lbs_weights=arrays["weights"].astype(np.float32),
        faces=arrays["f"].astype(np.int32),
        parents=parents,
        extra_vertices=EXTRA_VERTICES,
        joint_map=JOINT_MAP,
        joint_regressor_extra=dense(read_pickle(extra_joints), "joint_regressor_extra").astype(np.float32),
    )
