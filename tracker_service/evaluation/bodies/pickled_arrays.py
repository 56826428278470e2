"""Pickles of dictionaries, lists and arrays, as 3DPW and EMDB are published; nothing in them is executed."""

import io
import pickle
from pathlib import Path
from typing import Any

from tracker_service.errors import ResultsError

_NAMES = {
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    ("__builtin__", "bytes"),
    ("builtins", "bytes"),
    ("collections", "OrderedDict"),
}


class _ArrayUnpickler(pickle.Unpickler):
    """Knows numpy's own constructors and refuses every other class or function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            raise pickle.UnpicklingError(f"expected arrays alone, got {module}.{name}, which is not loaded")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read_pickled(path: Path) -> dict[str, Any]:
    """Return the dictionary in a pickle; Python 2's are read too.

    Raises:
        ResultsError: there is no such file, it is none of arrays, or it names a class or function.
    """
    try:
        content = _ArrayUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except OSError as error:
        raise ResultsError(f"{path}: expected a readable truth file, got {error.strerror or error}") from error
    except Exception as error:  # a damaged pickle can fail anywhere, with any exception
        raise ResultsError(f"{path}: expected a pickle of arrays: {error}") from error
    if not isinstance(content, dict):
        raise ResultsError(f"{path}: expected a dictionary, got {type(content).__name__}")
    return content
