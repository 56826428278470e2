"""What clients of servers count."""

from typing import Protocol, runtime_checkable

from tracker_service.errors import InferenceError
from tracker_service.inference.client import InferenceClient


@runtime_checkable
class CountingClient(InferenceClient, Protocol):
    """A client that counts what fails."""

    def failures(self) -> dict[type[InferenceError], int]:
        """Return how many requests failed so far, healed later or not, by error."""
        ...

    def repeated_models(self) -> dict[str, int]:
        """Return how often requests were sent again so far, by model."""
        ...
