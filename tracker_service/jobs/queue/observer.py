"""Who wants to know what the jobs of a store do."""

from typing import Protocol

from tracker_service.jobs.messages import FrameCounts


class JobObserver(Protocol):
    """Is told about running jobs, from several threads; must be quick."""

    def progressed(self) -> None:
        """A worker has got on."""
        ...

    def committed(self, counts: FrameCounts) -> None:
        """The results of some frames are safely on disk; every frame is told once per computing of it."""
        ...

    def failed(self) -> None:
        """A job has ended as failed."""
        ...


class NoObserver:
    """Is told and does nothing."""

    def progressed(self) -> None:
        """Do nothing."""

    def committed(self, counts: FrameCounts) -> None:
        """Do nothing."""

    def failed(self) -> None:
        """Do nothing."""
