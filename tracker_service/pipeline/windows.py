"""Windows: runs of consecutive frames that go through the models as one batch."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice, repeat
from typing import TypeVar

from tracker_service.errors import SettingsError

Item = TypeVar("Item")


def windows(frames: Iterable[Item], size: int, *, quartered: int = 0) -> Iterator[tuple[Item, ...]]:
    """Yield ``frames`` in tuples of ``size``; the last may be shorter.

    Raising ``size`` makes batches larger (worth it on a GPU) and the pipeline's memory and latency grow with it.
    The results do not depend on it.

    Args:
        frames: any stream.
        size: frames of a window.
        quartered: how many windows at the beginning are given in four parts, so that the first results come sooner.

    Raises:
        SettingsError: the size is not positive.
    """
    if size < 1:
        raise SettingsError(f"window size: expected at least 1 frame, got {size}")
    stream, quarter = iter(frames), -(-size // 4)
    parts = [min(quarter, size - start) for start in range(0, size, quarter)]
    for length in chain(parts * quartered, repeat(size)):
        if not (window := tuple(islice(stream, length))):
            return
        yield window
