"""Who wants to know what the jobs of a store do."""

from tracker_service.jobs.messages import FrameCounts
from tracker_service.jobs.webhooks.outcome import WebhookOutcome


class JobObserver:
    """Is told about running jobs, from several threads; must be quick. This one does nothing."""

    def progressed(self) -> None:
        """A worker has progressed."""

    def committed(self, counts: FrameCounts) -> None:
        """The results of some frames are safely on disk; every frame is told once per computing of it."""

    def failed(self) -> None:
        """A job has ended as failed."""

    def webhook_called(self, outcome: WebhookOutcome) -> None:
        """A webhook has been called, or is not called any more."""
