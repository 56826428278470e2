"""One card that several processes share: a batch takes its time, and nothing else runs meanwhile. Standard library."""

import fcntl
import json
import struct
import time
from collections.abc import Iterable
from pathlib import Path

_SPAN = struct.Struct("dd")
_LOCK, _SPANS = "lock", "spans"


class Card:
    """A simulated card; several of the same folder are one and the same card, whatever process has them.

    Args:
        folder: shared by all that use the card.
        times: ``base_ms`` and ``row_ms`` of each model.
    """

    def __init__(self, folder: Path, times: dict[str, dict[str, float]]) -> None:
        self._folder, self._times = folder, times

    @classmethod
    def named(cls, table: Path, name: str, folder: Path) -> "Card":
        """Open the card ``name`` of a table as in `cards.json`."""
        return cls(folder, json.loads(table.read_text())["cards"][name])

    def run(self, model: str, rows: int) -> None:
        """Wait for the card, and then as long as a batch of ``rows`` takes."""
        times = self._times[model]
        # A lock belongs to the file that was opened: threads that share one would not wait for each other.
        with (self._folder / _LOCK).open("ab") as lock, (self._folder / _SPANS).open("ab", buffering=0) as spans:
            fcntl.flock(lock, fcntl.LOCK_EX)
            start = time.monotonic()
            time.sleep((times["base_ms"] + rows * times["row_ms"]) / 1000)
            spans.write(_SPAN.pack(start, time.monotonic()))


def busy_seconds(folder: Path, since: float, until: float) -> float:
    """Return how long a card worked between two moments of `time.monotonic`."""
    path = folder / _SPANS
    spans: Iterable[tuple[float, float]] = _SPAN.iter_unpack(path.read_bytes()) if path.is_file() else ()
    return sum(max(0.0, min(end, until) - max(start, since)) for start, end in spans)
