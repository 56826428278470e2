"""The directions between landmarks that the inverse kinematics is computed from, as one matrix over landmarks."""

import numpy as np

from export.lite.hmr.blazepose import LANDMARKS
from tracker_service.types import Float32

Ends = tuple[tuple[int, ...], tuple[int, ...]]

_DIRECTIONS: tuple[Ends, ...] = (
    # from the mean of the first landmarks to the mean of the second
    ((24,), (23,)),  # 0 across the hips, to the left
    ((23, 24), (11, 12)),  # 1 up the trunk
    ((12,), (11,)),  # 2 across the shoulders
    ((8,), (7,)),  # 3 across the ears
    ((7, 8), (2, 5)),  # 4 from the ears to the eyes
    ((11,), (13,)),  # 5 upper arms and thighs
    ((12,), (14,)),
    ((23,), (25,)),
    ((24,), (26,)),
    ((13,), (15,)),  # 9 forearms and shins
    ((14,), (16,)),
    ((25,), (27,)),
    ((26,), (28,)),
    ((15,), (17, 19)),  # 13 hands and feet
    ((16,), (18, 20)),
    ((29,), (31,)),
    ((30,), (32,)),
    ((17,), (19,)),  # 17 across the hands, from the little to the index finger
    ((18,), (20,)),
)

TRUNK_ACROSS = (0, 2, 3)
TRUNK_UP = (1, 1, 4)
UPPER = (5, 6, 7, 8)
LOWER = (9, 10, 11, 12)
ENDS = (13, 14, 15, 16)
HANDS_ACROSS = (17, 18)


def direction_matrix() -> Float32:
    """Return (19, 33): times (33, 3) landmarks it gives the 19 directions, not normalised."""
    matrix = np.zeros((len(_DIRECTIONS), LANDMARKS), np.float32)
    for row, (start, end) in zip(matrix, _DIRECTIONS, strict=True):
        row[list(start)] -= 1 / len(start)
        row[list(end)] += 1 / len(end)
    return matrix
