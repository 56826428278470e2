"""Windows: runs of consecutive frames that go through the models as one batch."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from tracker_service.errors import SettingsError

Item = TypeVar("Item")


def windows(frames: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Yield ``frames`` in tuples of ``size``; the last may be shorter.

    Raising ``size`` makes batches larger (worth it on a GPU) and the pipeline's memory and latency grow with it.
    The results do not depend on it.
    """
    if size < 1:
        raise SettingsError(f"window size: expected at least 1 frame, got {size}")
    stream = iter(frames)
    while window := tuple(islice(stream, size)):
        yield window
