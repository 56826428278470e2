"""Parallel arrays with one row per track or sighting, so that all rows are worked on at once."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Bool, Int64

Rows: TypeAlias = Int64 | Bool


class Columns:
    """Base of dataclasses whose attributes are arrays (or again `Columns`) that share their first side."""

    __slots__ = ()

    def take(self, rows: Rows) -> Self:
        """Return copies of ``rows`` (indices or a mask), in the given order."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        # Indexing with an array takes up to four times as long as `ndarray.take`.
        return self._each(lambda value: value.take(rows) if isinstance(value, Columns) else value.take(rows, axis=0))

    def copied(self) -> Self:
        """Return a copy of all rows."""
        return self._each(lambda value: value.copied() if isinstance(value, Columns) else value.copy())

    def joined(self, other: Self) -> Self:
        """Return the rows of this followed by those of ``other``."""
        joined: dict[str, Any] = {}
        for name, value in self._items():
            more = getattr(other, name)
            joined[name] = value.joined(more) if isinstance(value, Columns) else np.concatenate([value, more])
        return type(self)(**joined)

    def overwrite(self, rows: Rows, other: Self) -> None:
        """Write the rows of ``other`` over ``rows`` of this, in place."""
        for name, value in self._items():
            if isinstance(value, Columns):
                value.overwrite(rows, getattr(other, name))
            else:
                value[rows] = getattr(other, name)

    def arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Return all arrays by dotted name."""
        named: dict[str, NDArray[Any]] = {}
        for name, value in self._items():
            if isinstance(value, Columns):
                named.update(value.arrays(f"{prefix}{name}."))
            else:
                named[prefix + name] = value
        return named

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Self:
        """Rebuild what `arrays` took apart; the arrays are copied.

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays differ in their number of rows.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):  # type: ignore[arg-type]
            if isinstance(field.type, type) and issubclass(field.type, Columns):
                values[field.name] = field.type.from_arrays(arrays, f"{prefix}{field.name}.")
            else:
                values[field.name] = np.array(arrays[prefix + field.name])
        rebuilt = cls(**values)
        lengths = {name: len(array) for name, array in rebuilt.arrays(prefix).items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"expected as many rows in all arrays, got {lengths}")
        return rebuilt

    def _each(self, change: Callable[[Any], Any]) -> Self:
        """Return the same columns, each changed."""
        return type(self)(*[change(getattr(self, name)) for name in _names(type(self))])  # type: ignore[arg-type]

    def _items(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in _names(type(self))]  # type: ignore[arg-type]


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
