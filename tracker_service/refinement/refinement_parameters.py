"""Settings of the refinement."""

from dataclasses import dataclass

from tracker_service.errors import SettingsError

REACH = 2.5
"""Standard deviations over which the weights of the smoothing reach to either side."""
_MOST_FRAMES = 60


@dataclass(frozen=True, slots=True)
class RefinementParameters:
    """How much is filled and smoothed.

    Attributes:
        longest_gap: frames between two sightings of a person that are filled. Raising it bridges longer occlusions and
            delays the results by as much.
        smoothing_seconds: standard deviation of the weights in time; 0 smooths nothing. Raising it steadies people and
            blurs quick motion: a movement that repeats f times a second keeps (1 + a²/2) exp(-a²/2) of its size, where
            a is 2 pi f times this.
        least_visible: part of a filled person's box that must lie in the frame where the tracker reported nobody.
        confidence_decay: tracking confidence of such a person is this to the power of the frames since it was seen.

    Raises:
        SettingsError: a value is outside its range.
    """

    longest_gap: int = 50
    smoothing_seconds: float = 0.1
    least_visible: float = 0.25
    confidence_decay: float = 0.95

    def __post_init__(self) -> None:
        for name, highest in (
            ("longest_gap", float("inf")),
            ("smoothing_seconds", 2.0),
            ("least_visible", 1.0),
            ("confidence_decay", 1.0),
        ):
            if not 0 <= getattr(self, name) <= highest:
                raise SettingsError(f"{name}: expected a number from 0 to {highest:g}, got {getattr(self, name)}")

    def reach(self, rate: float) -> int:
        """Return the frames to either side that smoothing may use, for a video with ``rate`` frames a second."""
        return min(round(REACH * self.smoothing_seconds * rate), _MOST_FRAMES)
