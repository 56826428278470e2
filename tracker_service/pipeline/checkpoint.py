"""The tracker's state as a file: numpy arrays without Python objects, written whole or not at all."""

import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from tracker_service.errors import TrackerStateError
from tracker_service.phalp.snapshot import TrackerSnapshot

_VERSION = "snapshot_version"
_PARAMETERS = "snapshot_parameters"


def save_tracker_state(path: Path, snapshot: TrackerSnapshot) -> None:
    """Write ``snapshot`` to ``path`` (npz); an earlier file is replaced only once the new one is complete.

    Raises:
        TrackerStateError: the file cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            header = {_VERSION: np.array(snapshot.version), _PARAMETERS: np.array(snapshot.parameters)}
            np.savez(stream, allow_pickle=False, **header, **snapshot.arrays)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise TrackerStateError(
            f"{path}: expected to write the tracker state, got {error.strerror or error}"
        ) from error


def load_tracker_state(path: Path) -> TrackerSnapshot:
    """Read what `save_tracker_state` wrote; `Tracker.restore` checks whether it fits.

    Raises:
        TrackerStateError: there is no such file, or it is damaged or something else.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        version, parameters = int(arrays.pop(_VERSION)), str(arrays.pop(_PARAMETERS))
    except FileNotFoundError as error:
        raise TrackerStateError(f"{path}: expected a tracker state, found no file") from error
    except (OSError, ValueError, TypeError, KeyError, EOFError, AttributeError, BadZipFile) as error:
        raise TrackerStateError(f"{path}: expected a tracker state, got a file that is none or damaged") from error
    return TrackerSnapshot(version, parameters, arrays)
