"""Why a place in the world cannot be relied on.

A place is relied on where what is stated to be uncertain of it stays below `LIMIT` of its distance. On the rendered
clips nine in ten of those places are within that share of the truth (docs/results/world.md). The focal length is left
out: it makes everything of a clip nearer or farther by the same share.
"""

import math
from collections.abc import Mapping

from tracker_service.types.world import WorldDoubt

LIMIT = 0.15
"""Share of the distance. Raising it calls more places reliable, that are farther off."""
_NAMED = LIMIT / 2
"""What is uncertain by less is no reason of its own."""


def doubts_of(uncertain: Mapping[WorldDoubt, float], *others: float) -> tuple[WorldDoubt, ...]:
    """Return why a place cannot be relied on, the gravest first; nothing where it can.

    Args:
        uncertain: standard deviations, as shares of the distance, by their reason.
        others: those without a reason that could be named, such as how tall people are.
    """
    if math.hypot(*uncertain.values(), *others) <= LIMIT:
        return ()
    reasons = sorted(uncertain, key=lambda reason: -uncertain[reason])
    return tuple(reason for reason in reasons if reason is reasons[0] or uncertain[reason] >= _NAMED)
