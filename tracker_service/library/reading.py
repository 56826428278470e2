"""Results read back."""

from collections.abc import Iterator
from pathlib import Path

from tracker_service.results.ndjson import read_results as read_lines
from tracker_service.results.records import FrameRecord
from tracker_service.results.result_files import RESULTS


def read_results(results: str | Path) -> Iterator[FrameRecord]:
    """Yield the frames of a run one by one; memory does not grow with its length.

    Args:
        results: the folder of a run, or its `results.ndjson`.

    Raises:
        ResultsError: there are none, a line is not a frame, or a frame is missing.
    """
    path = Path(results)
    return read_lines(path / RESULTS if path.is_dir() else path)
