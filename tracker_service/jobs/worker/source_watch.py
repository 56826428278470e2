"""Watches whether the video of a job stays the file that was submitted."""

from pathlib import Path

from tracker_service.errors import JobError
from tracker_service.jobs.identity import SourceChange, SourceIdentity
from tracker_service.video.source import FrameSource


def replaced() -> JobError:
    """Return what to raise for another file than the submitted one."""
    return JobError("video: expected the submitted file, got another one: it was replaced before it was read")


class SourceWatch:
    """What became of a job's video, and what the user should know about it.

    Args:
        source: the video.
        identity: what it was when it was submitted.
    """

    def __init__(self, source: Path, identity: SourceIdentity) -> None:
        self._source, self._identity = source, identity
        self._notes: list[str] = []

    def check(self) -> SourceChange:
        """Say what became of the file.

        Raises:
            JobError: it is another file now.
        """
        change = self._identity.change(self._source)
        if change is SourceChange.REPLACED:
            raise replaced()
        return change

    def note(self, warning: str) -> None:
        """Remember something the user should know."""
        self._notes.append(warning)

    def warnings(self, source: FrameSource | None) -> tuple[str, ...]:
        """Return everything the user should know so far, what ``source`` met included."""
        found = [] if source is None else list(source.warnings)
        change = self.check()
        if change in (SourceChange.SHRUNK, SourceChange.GROWN):
            found.append(f"the file has {change.name.lower()} since it was submitted")
        return (*found, *self._notes)
