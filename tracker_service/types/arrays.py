"""The arrays inside the records: their types, and the check that every record makes of its own."""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from typing import Any, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError

Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.float64]
Int64: TypeAlias = NDArray[np.int64]
UInt8: TypeAlias = NDArray[np.uint8]
Bool: TypeAlias = NDArray[np.bool_]

Scalar = TypeVar("Scalar", bound=np.generic)
Record = TypeVar("Record")


def checked(name: str, value: object, dtype: type[Scalar], shape: tuple[int | None, ...]) -> NDArray[Scalar]:
    """Return ``value`` as a read-only array of ``dtype`` and ``shape`` (None: any length), or raise `ContractError`."""
    # A record of one person checks a dozen arrays, and is copied a few times a frame: nearly all are as they should be.
    if type(value) is np.ndarray and value.dtype == dtype and value.shape == shape and not value.flags.writeable:
        return value
    array = np.asarray(value, dtype=dtype)
    if array.shape != shape and not _fits(array.shape, shape):
        expected = "(" + ", ".join("*" if side is None else str(side) for side in shape) + ")"
        raise ContractError(f"{name}: expected shape {expected}, got {array.shape}")
    view = array.view()
    view.flags.writeable = False
    return view


def checked_exact(name: str, value: object, dtype: type[Scalar], shape: tuple[int | None, ...]) -> NDArray[Scalar]:
    """Return `checked` of what is an array of ``dtype`` already: a cast would give its numbers another meaning.

    Pixels from 0 to 1, for instance, would all become black.
    """
    if not isinstance(value, np.ndarray):
        raise ContractError(f"{name}: expected an array of {np.dtype(dtype)}, got {type(value).__name__}")
    if value.dtype != dtype:
        raise ContractError(f"{name}: expected an array of {np.dtype(dtype)}, got {value.dtype}")
    return checked(name, value, dtype, shape)


def _fits(have: tuple[int, ...], want: tuple[int | None, ...]) -> bool:
    return len(have) == len(want) and all(side in (None, length) for length, side in zip(have, want, strict=True))


def assign(instance: object, name: str, value: object) -> None:
    """Set a field of a frozen record while it is being built."""
    object.__setattr__(instance, name, value)


def with_values(record: Record, **values: object) -> Record:
    """Return a copy of a record with slots that has other values in some fields, which need no check.

    `dataclasses.replace` checks every array of the copy again, which costs more than everything else about it.
    """
    copy = object.__new__(type(record))
    for name, read, write in _slots(type(record)):  # type: ignore[arg-type]
        write(copy, values[name] if name in values else read(record))
    return copy


def of_checked(kind: type[Record], **values: object) -> Record:
    """Return a record with slots whose arrays are rows of such as were checked and cannot be written to.

    All fields have to be given. Checking a dozen arrays of every person again takes most of the time of building one.
    """
    record = object.__new__(kind)
    for name, _, write in _slots(kind):  # type: ignore[arg-type]
        write(record, values[name])
    return record


@cache
def _slots(kind: type[Any]) -> tuple[tuple[str, Callable[[Any], Any], Callable[[Any, Any], None]], ...]:
    """Return the names of a record's fields and what reads and writes each, in half the time it takes by name."""
    slots = [(name, getattr(kind, name)) for name in _names(kind)]  # type: ignore[arg-type]
    return tuple((name, slot.__get__, slot.__set__) for name, slot in slots)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


class Rows:
    """Parallel arrays of one frame: indexing a row set gives the same kind of object."""

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> Self:
        """Return only ``rows`` (indices or a mask), in the given order; this one where the mask leaves nothing out."""
        if rows.dtype == np.bool_ and rows.all() and len(rows) == len(self):  # type: ignore[arg-type]
            return self
        # Rows of checked arrays need no second check, which would cost more than taking them.
        taken = object.__new__(type(self))
        for name in _names(type(self)):  # type: ignore[arg-type]
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                value = value[rows]
                value.flags.writeable = False
            elif isinstance(value, Rows):
                value = value.take(rows)
            assign(taken, name, value)
        return taken

    def joined(self, other: Self) -> Self:
        """Return the rows of this followed by those of ``other``, which has the same parts."""
        changes: dict[str, Any] = {}
        for field in fields(self):  # type: ignore[arg-type]
            value, more = getattr(self, field.name), getattr(other, field.name)
            if isinstance(value, np.ndarray):
                changes[field.name] = np.concatenate([value, more])
            elif isinstance(value, Rows):
                changes[field.name] = value.joined(more)
        return replace(self, **changes)  # type: ignore[type-var]
