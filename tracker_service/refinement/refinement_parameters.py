"""Settings of the refinement."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Interval

from tracker_service.types.bounds import check_bounds

REACH = 2.5
"""Standard deviations over which the weights of the smoothing reach to either side."""
_MOST_FRAMES = 60


@dataclass(frozen=True)
class RefinementParameters:
    """The second, offline look at finished frames: how much is filled and smoothed.

    Attributes:
        enable: refine at all.
        longest_gap: frames between two sightings of a person that are filled; None takes ``max_age_track``. Raising it
            bridges longer occlusions and delays the results by as much.
        smoothing_seconds: standard deviation of the weights in time; 0 smooths nothing. Raising it steadies people and
            blurs quick motion: a movement that repeats f times a second keeps (1 + a²/2) exp(-a²/2) of its size, where
            a is 2 pi f times this.
        depth_seconds: the same for the depth, whose noise lasts longer than that of the pose. Raising it steadies how
            far people are and follows quick changes of distance less.
        side_seconds: time before and after a frame that counts when left and right of a person are put right; 0 leaves
            them. Raising it corrects longer mistakes and delays the results by as much.

    Raises:
        SettingsError: a value is outside its range.
    """

    enable: bool = False
    longest_gap: Annotated[int, Ge(0)] | None = None
    smoothing_seconds: Annotated[float, Interval(ge=0, le=2)] = 0.1
    depth_seconds: Annotated[float, Interval(ge=0, le=2)] = 0.25
    side_seconds: Annotated[float, Interval(ge=0, le=4)] = 1.0

    def __post_init__(self) -> None:
        check_bounds(self)

    def reach(self, rate: float) -> int:
        """Return the frames to either side that smoothing may use, for a video with ``rate`` frames a second."""
        longest = max(self.smoothing_seconds, self.depth_seconds) if self.smoothing_seconds else 0.0
        return min(round(REACH * longest * rate), _MOST_FRAMES)

    def side_reach(self, rate: float) -> int:
        """Return the frames to either side that count for left and right, for a video of this rate."""
        return min(round(self.side_seconds * rate), _MOST_FRAMES)
