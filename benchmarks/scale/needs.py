"""The arithmetic: from what a frame costs to machines for so many hours of video a day, and to what is full first."""

import math
from dataclasses import dataclass
from typing import Any

from benchmarks.scale import assumptions as given
from benchmarks.scale.figures import Figures

_DAY = 86400.0
HOURS = (1, 100, 10_000)


@dataclass(frozen=True, slots=True)
class Need:
    """What so many hours of video a day take; rates while machines work, which is a part of the day.

    Attributes:
        hours: of video a day.
        figures: what a frame costs.
    """

    hours: float
    figures: Figures

    @property
    def frames(self) -> float:
        """Frames a day."""
        return self.hours * 3600 * given.VIDEO_RATE.value

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / (_DAY * given.BUSY.value)

    @property
    def cores(self) -> float:
        """Cores beside a card."""
        return self.rate * self.figures.cpu_ms / 1000

    @property
    def cores_without_card(self) -> float:
        """Cores that also run the lite networks."""
        return self.rate * (self.figures.cpu_ms + self.figures.networks_ms) / 1000

    @property
    def machines(self) -> int:
        """Machines for the trackers."""
        return math.ceil(self.cores / given.CORES.value)

    @property
    def trackers(self) -> int:
        """Tracker processes."""
        return math.ceil(self.cores / given.TRACKER_CORES.value)

    @property
    def jobs(self) -> float:
        """Videos a day."""
        return self.hours * 60 / given.VIDEO_MINUTES.value

    @property
    def tensor_gigabits(self) -> float:
        """Between trackers and cards, Gbit/s."""
        return self.rate * self.figures.tensor_bytes * 8 / 1e9

    @property
    def video_gigabits(self) -> float:
        """Videos that come in, Gbit/s."""
        return self.rate / given.VIDEO_RATE.value * given.VIDEO_MEGABITS.value / 1e3

    @property
    def kept_bytes(self) -> float:
        """Results that are kept, without overlays."""
        return self.frames * self.figures.result_bytes * given.KEPT_DAYS.value

    @property
    def kept_jobs(self) -> float:
        """Jobs that the queue knows."""
        return self.jobs * given.KEPT_DAYS.value

    def cards(self, name: str) -> int:
        """Return how many cards of a kind."""
        return math.ceil(self.rate / self.figures.card_fps[name])

    def row(self) -> dict[str, dict[str, float]]:
        """Return what is needed, by name."""
        return {
            "frames/s while machines work": {"is": self.rate},
            "tracker cores, beside cards": {"is": self.cores},
            f"tracker machines of {given.CORES.value:g} cores": {"is": self.machines},
            "cores without a card (lite models)": {"is": self.cores_without_card},
            **{f"{name} (estimated)": {"is": self.cards(name)} for name in self.figures.card_fps},
            "Gbit/s, videos in": {"is": self.video_gigabits},
            "Gbit/s, trackers to cards": {"is": self.tensor_gigabits},
            f"TB of results kept {given.KEPT_DAYS.value:g} days": {"is": self.kept_bytes / 1e12},
            "TB more with overlays": {"is": self.frames * self.figures.overlay_bytes * given.KEPT_DAYS.value / 1e12},
            "jobs a day": {"is": self.jobs},
            "rows in PostgreSQL": {"is": self.kept_jobs * self.figures.job_rows},
            "MB in PostgreSQL": {"is": self.kept_jobs * self.figures.job_bytes / 1e6},
            "connections to PostgreSQL": {"is": self.trackers * self.figures.connections},
        }


def needs(figures: Figures) -> list[dict[str, Any]]:
    """Return a row a resource, with a column for each of `HOURS`."""
    columns = {f"{hours}": Need(hours, figures).row() for hours in HOURS}
    first = next(iter(columns.values()))
    return [{"what": name, **{hours: row[name]["is"] for hours, row in columns.items()}} for name in first]


def limits(figures: Figures) -> list[dict[str, Any]]:
    """Return what is full at how many hours of video a day, smallest first, and what is done then."""
    one = Need(1.0, figures)
    wanted = [
        ("a core without a card (lite models)", 1 / one.cores_without_card, "more cores, or a card"),
        ("a core beside a card", 1 / one.cores, "more cores"),
        *((f"one {name} (estimated)", fps / one.rate, "another card") for name, fps in figures.card_fps.items()),
        ("one disk of 1 TB", given.DISK.value / one.kept_bytes, "object storage, or fewer days"),
        (
            "the network of one machine: tensors to cards",
            given.NETWORK.value / 1e9 / one.tensor_gigabits,
            "tracker and card in one machine (shared memory)",
        ),
        (
            "the network of one machine: videos in",
            given.NETWORK.value / 1e9 / one.video_gigabits,
            "workers read from object storage themselves",
        ),
        (
            f"PostgreSQL's {given.CONNECTIONS.value:g} connections",
            given.CONNECTIONS.value / figures.connections * given.TRACKER_CORES.value / one.cores,
            "PgBouncer (sessions), more connections, or bulk",
        ),
        (
            "counting the queue for /metrics within 1 s",
            10_000 * given.COUNT_SECONDS.value / figures.count_seconds / one.kept_jobs,
            "fewer days kept; then counting in the database",
        ),
    ]
    rows = [{"what": what, "hours": hours, "then": then} for what, hours, then in wanted]
    return sorted(rows, key=lambda row: float(row["hours"]))
