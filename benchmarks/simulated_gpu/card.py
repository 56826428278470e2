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
    return sum(end - start for start, end in _worked(folder, since, until))


def busy_share(folder: Path, since: float, until: float) -> float:
    """Return the share of the time between its first and its last batch in which a card worked, 0 without one.

    Before the first batch videos are opened and decoded, after the last one people are associated: a long video has
    neither to speak of.
    """
    spans = _worked(folder, since, until)
    if not spans:
        return 0.0
    lasted = max(end for _, end in spans) - min(start for start, _ in spans)
    return sum(end - start for start, end in spans) / lasted if lasted else 0.0


def _worked(folder: Path, since: float, until: float) -> list[tuple[float, float]]:
    """Return start and end of the batches between two moments, those that reach beyond cut to them."""
    path = folder / _SPANS
    spans: Iterable[tuple[float, float]] = _SPAN.iter_unpack(path.read_bytes()) if path.is_file() else ()
    return [(max(start, since), min(end, until)) for start, end in spans if start < until and end > since]
