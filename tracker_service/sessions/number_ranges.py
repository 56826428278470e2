"""A set of frame numbers that takes little memory while they are consecutive."""

from bisect import bisect_right
from collections.abc import Iterable

_MOST_RANGES = 256


class NumberRanges:
    """Remembers numbers as ranges; with more than 256 ranges the lowest is forgotten."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __contains__(self, number: int) -> bool:
        row = bisect_right(self._starts, number) - 1
        return row >= 0 and number <= self._ends[row]

    def add(self, number: int) -> None:
        """Remember a number."""
        if number in self:
            return
        row = bisect_right(self._starts, number)
        self._starts.insert(row, number)
        self._ends.insert(row, number)
        self._join(row)
        self._join(row - 1)
        if len(self._starts) > _MOST_RANGES:
            del self._starts[0], self._ends[0]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The first and the last number of every range."""
        return list(zip(self._starts, self._ends, strict=True))

    def restore(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Take over the ranges of another one."""
        for start, end in ranges:
            self._starts.append(start)
            self._ends.append(end)

    def _join(self, row: int) -> None:
        """Join a range with the next one where they touch."""
        if 0 <= row < len(self._starts) - 1 and self._ends[row] + 1 == self._starts[row + 1]:
            del self._ends[row], self._starts[row + 1]
