"""Where the reference's numbers lie: small ones in the project, the full set beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

_TESTS = Path(__file__).resolve().parents[1]
_FULL = _TESTS.parent / ".." / "shared" / "golden"


def golden(name: str) -> dict[str, NDArray[Any]]:
    """Read ``tests/data/people/<name>.npz``."""
    return _read(_TESTS / "data" / "people" / f"{name}.npz")


def full_golden(name: str) -> dict[str, NDArray[Any]]:
    """Read the full set's ``<name>.npz``, or skip the test."""
    path = _FULL / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"the full golden set is not beside the project: no {path}")
    return _read(path)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)
