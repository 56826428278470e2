"""A tracker's whole state as plain arrays, to be saved and restored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import TrackerStateError
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import FoundBy, PersonState, TrackedPerson

SNAPSHOT_VERSION = 8
"""Raised whenever the arrays change; other versions are refused."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackerSnapshot:
    """State of a tracker between two updates.

    Attributes:
        version: layout of ``arrays``.
        parameters: the parameters it was taken with, as text; a tracker with others cannot be restored from it.
        arrays: named arrays without Python objects.
    """

    version: int
    parameters: str
    arrays: Mapping[str, NDArray[Any]]

    def check(self, parameters: TrackerParameters) -> None:
        """Raise `TrackerStateError` unless the snapshot has this version and was taken with ``parameters``."""
        if self.version != SNAPSHOT_VERSION:
            raise TrackerStateError(f"tracker state: expected version {SNAPSHOT_VERSION}, got {self.version}")
        if self.parameters != repr(parameters):
            raise TrackerStateError(f"tracker state: expected one of {parameters!r}, got one of {self.parameters}")


def pack_records(records: Sequence[TrackedPerson]) -> dict[str, NDArray[Any]]:
    """Return records as arrays with one row each; nothing for no records."""
    if not records:
        return {}
    packed = {field.name: np.stack([getattr(record, field.name) for record in records]) for field in _RECORD_FIELDS}
    packed["state"] = np.array([str(record.state) for record in records])
    packed["found_by"] = np.array([str(record.found_by) for record in records])
    return packed


def unpack_records(arrays: Mapping[str, NDArray[Any]]) -> list[TrackedPerson]:
    """Rebuild what `pack_records` packed."""
    records = []
    for row in range(len(arrays.get("track_id", ()))):
        values: dict[str, Any] = {name: array[row] for name, array in arrays.items()}
        for name, value in values.items():
            if value.ndim == 0:
                values[name] = value.item()
        values["state"], values["found_by"] = PersonState(values["state"]), FoundBy(values["found_by"])
        records.append(TrackedPerson(**values))
    return records


def with_prefix(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays under names that begin with ``prefix`` and a dot."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def without_prefix(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with ``prefix`` and a dot, without it."""
    start = f"{prefix}."
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


# A person is judged and placed in the world once the frame is finished, and no finished frame is kept.
_RECORD_FIELDS = [
    field for field in fields(TrackedPerson) if field.name not in ("state", "found_by", "quality", "world")
]
