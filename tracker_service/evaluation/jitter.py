"""How much joints shake: the mean acceleration of joints from frame to frame."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker_service.types import Float64


@dataclass(frozen=True, slots=True)
class Jitter:
    """Mean acceleration of joints relative to their root, metres per second squared.

    Attributes:
        found: of the results; None where nobody was matched in three frames in a row.
        true: of the ground truth in the same frames.
    """

    found: float | None = None
    true: float | None = None

    def text(self) -> str:
        """Return one phrase for the terminal."""
        if self.found is None or self.true is None:
            return "nothing to compare"
        return f"{self.found:.1f} m/s², truth {self.true:.1f} m/s²"


class JitterMeter:
    """Adds up the accelerations of one person's joints over runs of consecutive frames."""

    def __init__(self) -> None:
        self._last: deque[tuple[int, float, Float64]] = deque(maxlen=3)
        self._accelerations: list[Float64] = []

    def add(self, frame_number: int, timestamp: float, found: NDArray[np.floating], true: NDArray[np.floating]) -> None:
        """Take a frame in which the person was matched.

        Args:
            frame_number: of the frame.
            timestamp: of the frame, seconds.
            found: (J, 3) joints of the results relative to the root, metres.
            true: those of the ground truth.
        """
        if self._last and self._last[-1][0] != frame_number - 1:
            self._last.clear()
        self._last.append((frame_number, timestamp, np.stack([found, true]).astype(np.float64)))
        if len(self._last) == 3:
            (_, first, one), (_, _, two), (_, last, three) = self._last
            period = (last - first) / 2
            lengths = np.linalg.norm(one - 2 * two + three, axis=-1).mean(axis=1)
            if period > 0:
                self._accelerations.append(lengths / period**2)

    @staticmethod
    def of(meters: "Iterable[JitterMeter]") -> Jitter:
        """Return the mean over several people."""
        values = [value for meter in meters for value in meter._accelerations]
        if not values:
            return Jitter()
        found, true = np.mean(values, axis=0).tolist()
        return Jitter(found, true)
