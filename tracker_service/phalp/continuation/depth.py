"""Depth of people from frame to frame: each frame's scale is noisy, a person's depth is not.

A g-h filter (alpha-beta filter; Kalata 1984) of the logarithm of depth: the depth goes on at its rate, and a part of
what the new frame differs from that is believed. It looks back only, so that nothing is late by a frame, and people who
come nearer steadily are not seen too far away. It never moves a depth by more than a bound, because the body in the
picture grows and shrinks with it.
"""

import numpy as np

from tracker_service.types import Float32, Float64, Int64

FURTHEST = 0.08
"""Largest change of a measured depth, as a part of it: what the joints at the ends of a body move by in the picture is
half of that, as a part of its size."""
_FORGOTTEN = 10
"""Frames unseen after which a depth is taken as it is measured."""


def steadied_depth(
    measured: Float32, before: Float32, rate: Float32, steps: Int64, gain: float
) -> tuple[Float64, Float32]:
    """Return the (n,) depths to believe and the rates with which they change, per frame of the logarithm.

    Args:
        measured: (n,) depths in this frame, positive.
        before: (n,) depths when they were last seen, as they were believed.
        rate: (n,) change of the logarithm per frame then.
        steps: (n,) frames since.
        gain: part of the difference from the expected depth that is believed, in (0, 1].
    """
    seen, last = np.log(measured.astype(np.float64)), np.log(before.astype(np.float64))
    expected = last + rate * steps
    surprise = seen - expected
    # The gain of the rate that goes with that of the depth (Benedict and Bordner 1962).
    rates = rate + gain**2 / (2 - gain) * surprise / steps
    believed = np.clip(expected + gain * surprise, seen - FURTHEST, seen + FURTHEST)
    fresh = steps > _FORGOTTEN
    believed, rates = np.where(fresh, seen, believed), np.where(fresh, 0.0, rates)
    return np.exp(believed), np.clip(rates, -FURTHEST, FURTHEST).astype(np.float32)
