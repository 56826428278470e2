"""What the arithmetic takes for granted, each with where it comes from. Change a value and run the command again."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that nobody here has measured.

    Attributes:
        value: the number.
        unit: what it counts.
        source: why this one.
    """

    value: float
    unit: str
    source: str


VIDEO_RATE = Assumption(30, "frames/s of a video", "assumed; phones and cameras")
PEOPLE = Assumption(3, "people a frame", "as in the measured clips (2.9 and 3.1)")
VIDEO_MINUTES = Assumption(10, "minutes a video", "assumed; one video is one job")
VIDEO_MEGABITS = Assumption(
    8, "Mbit/s of a video", "published: what YouTube recommends for uploads in 1080p, 30 frames/s"
)
BUSY = Assumption(0.7, "part of the day that machines work", "assumed: the rest is nights, failures, upgrades")
CORES = Assumption(16, "cores a machine", "assumed")
TRACKER_CORES = Assumption(4, "cores a tracker", "the limit in deploy/k8s/tracker.yaml")
KEPT_DAYS = Assumption(7, "days that results are kept", "the default of jobs.retention_seconds")
DISK = Assumption(1e12, "bytes a disk", "assumed")
NETWORK = Assumption(10e9, "bit/s a machine", "assumed")
CONNECTIONS = Assumption(100, "connections of PostgreSQL", "published: its default max_connections")
COUNT_SECONDS = Assumption(1.0, "s for counting the queue", "after it /metrics goes without (api/store_calls.py)")
BATCH = Assumption(8, "rows a batch on a card", "assumed: the card is busy, so batches fill")

ALL = (
    VIDEO_RATE,
    PEOPLE,
    VIDEO_MINUTES,
    VIDEO_MEGABITS,
    BUSY,
    CORES,
    TRACKER_CORES,
    KEPT_DAYS,
    DISK,
    NETWORK,
    CONNECTIONS,
    COUNT_SECONDS,
    BATCH,
)


def rows() -> list[dict[str, Any]]:
    """Return a row an assumption."""
    return [asdict(each) for each in ALL]
