"""Result lines of a job, read while it runs."""

from itertools import islice
from pathlib import Path

RESULTS = "results.ndjson"


def read_lines(folder: Path, start: int, limit: int) -> list[bytes]:
    for name in (RESULTS, f"{RESULTS}.partial"):
        path = folder / name
        if path.exists():
            with path.open("rb") as stream:
                return [line[:-1] for line in islice(stream, start, start + limit) if line.endswith(b"\n")]
    return []
