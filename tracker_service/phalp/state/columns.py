"""Parallel arrays with one row per track or sighting, so that all rows are worked on at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Bool, Int64

Rows: TypeAlias = Int64 | Bool


class Columns:
    """Base of dataclasses whose attributes are arrays (or again `Columns`) that share their first side."""

    __slots__ = ()

    def take(self, rows: Rows, axis: Literal[0] = 0) -> Self:
        """Return copies of ``rows`` (indices or a mask), in the given order, as arrays do along their first side."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        if not len(rows):
            return self[:0]
        # Indexing with an array takes up to four times as long as `ndarray.take`.
        return type(self)(*[value.take(rows, axis) for value in _values(type(self))(self)])  # type: ignore[arg-type]

    def __getitem__(self, rows: slice) -> Self:
        """Return some rows, which share their memory with these."""
        return type(self)(*[value[rows] for value in _values(type(self))(self)])  # type: ignore[arg-type]

    def copy(self) -> Self:
        """Return copies of all rows."""
        return type(self)(*[value.copy() for value in _values(type(self))(self)])  # type: ignore[arg-type]

    def protect(self) -> Self:
        """Make the arrays read-only, so that records can share them; returns this."""
        for _, value in self._items():
            if isinstance(value, Columns):
                value.protect()
            else:
                value.setflags(write=False)
        return self

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

    def _items(self) -> Iterator[tuple[str, Any]]:
        return zip(_names(type(self)), _values(type(self))(self), strict=True)  # type: ignore[arg-type]


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _values(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gets all attributes of a kind at once."""
    return attrgetter(*_names(kind))  # type: ignore[arg-type]
