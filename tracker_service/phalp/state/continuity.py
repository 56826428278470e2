"""What a track knows of how its person goes on, beside the last sighting."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.phalp.state.columns import Columns
from tracker_service.types import Float32


@dataclass(slots=True, eq=False)
class Continuity(Columns):
    """Of n tracks.

    Attributes:
        side_belief: (n,) float32 log-odds that left and right of the last sighting are not exchanged.
        depth_rate: (n,) float32 change of the logarithm of depth per frame.
    """

    side_belief: Float32
    depth_rate: Float32

    @classmethod
    def unknown(cls, n: int) -> Self:
        """Return that of n tracks that begin."""
        return cls(np.zeros(n, np.float32), np.zeros(n, np.float32))
