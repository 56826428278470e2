"""What becomes of the messages about the ends of jobs."""

from dataclasses import dataclass
from enum import StrEnum


class WebhookOutcome(StrEnum):
    """How a try ended.

    Attributes:
        DELIVERED: the receiver has accepted the message.
        FAILED: it has not; there will be another try.
        GIVEN_UP: it has not, and there will be none: too late, no longer wanted, or no longer allowed.
    """

    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class WebhookBacklog:
    """The messages that nobody has accepted yet.

    Attributes:
        waiting: how many.
        oldest: when the first of their jobs ended, unix seconds; None where none waits.
    """

    waiting: int = 0
    oldest: float | None = None
