"""How long the client waits, how often it retries, and when it stops asking."""

import math
import random
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Interval

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class FailurePolicy:
    """Times and counts of failure handling; all times in seconds.

    Attributes:
        attempt_seconds: deadline of one request. Raising it tolerates slower models and notices a hanging server later.
        budget_seconds: time for one call with all its repetitions; infinite waits for the server for ever, as a job
            should. Raising it survives longer outages and lets callers wait longer for an error.
        reload_seconds: how long a model that is not loaded right now may take to come back. Raising it survives slower
            reloads and reports a model that was removed later.
        first_delay: pause before the first repetition; it doubles each time. Raising it spares a struggling server.
        longest_delay: upper limit of a pause, so also the longest time until a recovered server is noticed.
        breaker_failures: unanswered requests in a row after which only one request at a time probes the server.
            Raising it keeps more load on a dead server.
    """

    attempt_seconds: Annotated[float, Interval(gt=0, lt=math.inf)] = 60.0
    budget_seconds: Annotated[float, Gt(0)] = 600.0
    reload_seconds: Annotated[float, Interval(gt=0, lt=math.inf)] = 60.0
    first_delay: Annotated[float, Interval(gt=0, lt=math.inf)] = 0.1
    longest_delay: Annotated[float, Interval(gt=0, lt=math.inf)] = 2.0
    breaker_failures: Annotated[int, Ge(1)] = 3

    def __post_init__(self) -> None:
        check_bounds(self)

    def delay(self, repetition: int) -> float:
        """Return the pause before ``repetition`` (from 0): exponential, with jitter lest clients march in step."""
        longest = min(self.longest_delay, self.first_delay * 2.0 ** min(repetition, 30))
        return longest * random.uniform(0.5, 1.0)
