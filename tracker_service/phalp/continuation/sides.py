"""Left and right, and with them front and back, of people as their tracks know them.

From one picture a body model may take a back for a front. What it then reports is the person's mirror image in depth
with the sides exchanged, which looks nearly the same to the camera, so that the frame itself does not show the mistake.
A track does: nobody turns round between two frames. Every frame is a vote for the sides that the model saw, and the
track's belief in its sides goes on from frame to frame as far as the body goes on smoothly: the forward pass of a
hidden Markov model with two states (Rabiner 1989). People who turn pass through a side view, in which both answers are
the same; there the belief starts anew.
"""

from dataclasses import dataclass

import numpy as np

from tracker_service.types import Bool, Float32, Float64, Int64, Smpl
from tracker_service.types.smpl import MIRRORED_JOINTS

_SCALE = 0.05
"""Metres: mean difference of joints between two frames that is e times less likely than none."""
_MOST_CHANGE = 8.0
"""Largest log-odds that the way from one frame to the next gives: poses may also be plainly wrong."""
_MOST_BELIEF = 2.0
"""Log-odds that a track is sure with: a second of frames cannot outvote the next ones, which may be the right ones."""
_IN_DEPTH, _ACROSS = np.array([1.0, 1.0, -1.0]), np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class Sides:
    """What is believed of n people.

    Attributes:
        exchanged: (n,) whether the sides that the model saw are the wrong ones.
        belief: (n,) float32 log-odds, not negative, that the sides are right as they are taken.
    """

    exchanged: Bool
    belief: Float32


def with_sides_exchanged(smpl: Smpl) -> Smpl:
    """Return the bodies mirrored in depth, left for right: from the camera they look nearly the same.

    A body is its own mirror image across its left-right axis with left and right limbs exchanged. So a mirror in depth
    M is undone for the limbs by the mirror S across: R becomes M R S, and what turns about a parent S R S.
    """
    limbs = MIRRORED_JOINTS[1:] - 1
    orient = smpl.global_orient * _IN_DEPTH[:, None] * _ACROSS
    pose = smpl.body_pose[:, limbs] * _ACROSS[:, None] * _ACROSS
    return Smpl(orient.astype(np.float32), pose.astype(np.float32), smpl.betas)


def believed_sides(belief: Float32, before: Float32, seen: Float32, other: Float32, steps: Int64, vote: float) -> Sides:
    """Decide which sides n people have, one frame further.

    Args:
        belief: (n,) log-odds that the sides of ``before`` are right.
        before: (n, 4, 3) `TRUNK_JOINTS` in model space when they were last seen, as they were taken.
        seen: (n, 4, 3) the same as the model sees them now.
        other: (n, 4, 3) the same of these bodies with their sides exchanged.
        steps: (n,) frames since then.
        vote: log-odds that the model sees the sides right in one frame. Raising it makes a track follow the model
            sooner.
    """
    odds = passed_on(belief.astype(np.float64), change_of_sides(before, seen, other, steps)) + vote
    odds = np.clip(odds, -_MOST_BELIEF, _MOST_BELIEF)
    return Sides(np.asarray(odds < 0), np.abs(odds).astype(np.float32))


def change_of_sides(before: Float32, seen: Float32, other: Float32, steps: Int64) -> Float64:
    """Return the (n,) log-odds that n people kept their sides between two frames; arguments as `believed_sides`."""
    change = (_differences(before, other) - _differences(before, seen)) / (_SCALE * np.sqrt(steps))
    return np.clip(change, -_MOST_CHANGE, _MOST_CHANGE)


def passed_on(belief: Float64 | float, change: Float64 | float) -> Float64:
    """Return the log-odds of the sides in one frame that follow from those in another and from the change between."""
    kept, lost = np.logaddexp(belief + change / 2, -change / 2), np.logaddexp(belief - change / 2, change / 2)
    return np.asarray(kept - lost, np.float64)


def _differences(first: Float32, second: Float32) -> Float64:
    return np.asarray(np.linalg.norm(first.astype(np.float64) - second, axis=2).mean(axis=1), np.float64)
