"""A finished run, read back from its folder."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from tracker_service.library.reading import read_results
from tracker_service.library.recorded_track import Track
from tracker_service.results.recorded_run import recorded_summary
from tracker_service.results.records import FrameRecord
from tracker_service.results.summary import Summary
from tracker_service.types.shown_html import ShownInNotebooks


def read_run(folder: str | Path) -> "Run":
    """Return the run that wrote a folder of results.

    Raises:
        ResultsError: there is none, or it is not complete.
    """
    return Run(Path(folder))


class Run(ShownInNotebooks):
    """A run whose files are complete; in a notebook it shows the page that ``summary.html`` holds.

    Attributes:
        folder: of its results.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _ = self.summary

    @cached_property
    def summary(self) -> Summary:
        """What the run found and how it went; counted anew from all its frames."""
        return recorded_summary(self.folder)

    @property
    def track_ids(self) -> tuple[int, ...]:
        """Everybody who was in a frame, in order of id."""
        return self.summary.timeline.track_ids

    def frames(self) -> Iterator[FrameRecord]:
        """Yield the frames one by one, from the first at every call; memory does not grow with the length."""
        return read_results(self.folder)

    def track(self, track_id: int) -> Track:
        """Return one person, collected from all frames.

        Raises:
            ResultsError: the person is in none of them.
        """
        return Track.of(track_id, self.frames(), self.summary.timeline)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}: {self.summary.frames} frames, people {list(self.track_ids)})"
