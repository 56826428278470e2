"""Arrays as a file: without Python objects, written whole or not at all; and a tracker's state as arrays."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import TrackerStateError
from tracker_service.phalp.state.snapshot import TrackerSnapshot

_VERSION = "snapshot_version"
_PARAMETERS = "snapshot_parameters"
_OF_DAMAGED_FILES = (OSError, ValueError, LookupError, TypeError, EOFError, AttributeError, BadZipFile, RuntimeError)
"""What NumPy and its parts raise; a flipped bit may say that a part is encrypted, or of an unknown compression."""


def tracker_arrays(snapshot: TrackerSnapshot) -> dict[str, NDArray[Any]]:
    """Return the snapshot as arrays by name."""
    header = {_VERSION: np.array(snapshot.version), _PARAMETERS: np.array(snapshot.parameters)}
    return {**header, **snapshot.arrays}


def snapshot_of(path: Path, arrays: dict[str, NDArray[Any]]) -> TrackerSnapshot:
    """Rebuild what `tracker_arrays` took apart.

    Args:
        path: where the arrays come from, for messages.
        arrays: them and nothing else.

    Raises:
        TrackerStateError: they are none of a tracker.
    """
    try:
        version, parameters = int(arrays.pop(_VERSION)), str(arrays.pop(_PARAMETERS))
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path) from error
    return TrackerSnapshot(version, parameters, arrays)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays to ``path``; an earlier file is replaced only once the new one is complete.

    Raises:
        TrackerStateError: the file cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise TrackerStateError(
            f"{path}: expected to write the tracker state, got {error.strerror or error}"
        ) from error


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `write_arrays` wrote.

    Raises:
        TrackerStateError: there is no such file, or it is damaged or something else.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise TrackerStateError(f"{path}: expected a tracker state, found no file") from error
    except _OF_DAMAGED_FILES as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> TrackerStateError:
    return TrackerStateError(f"{path}: expected a tracker state, got a file that is none or damaged")
