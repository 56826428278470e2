"""Settings of the quality of poses."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Interval

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class QualityParameters:
    """Up to where a pose is usable (``usable_``), and from where it is unusable (``least_``, ``most_``).

    The errors that are stated with a pose hold for the defaults. They were calibrated on rendered people
    (docs/quality.md).

    Attributes:
        usable_pixels, least_pixels: longer side of the body in pixels. Raising them trusts fewer far people.
        usable_sharpness, least_sharpness: share of a person's contrast that is in details below 4 % of their size, 0
            to 1. Raising them trusts fewer blurred people.
        usable_contrast, least_contrast: standard deviation of a person's brightness, of 255. Raising them trusts
            fewer people in the dark or in fog.
        usable_in_picture, least_in_picture: share of the body's joints within the picture. Raising them trusts fewer
            people who are cut off by its border.
        usable_in_sight, least_in_sight: share of those joints that no nearer person covers. Raising them trusts fewer
            people behind others.
        usable_presence, least_presence: the body model's confidence that it sees a person. Raising them trusts fewer
            people.
        usable_fit, least_fit: overlap (IoU) of the body with the person's box. Raising them trusts fewer people whose
            body does not explain where they were seen.
        usable_reach: longer side of the body, without the top of the head, as a part of that of the person's box; what
            a body is too long counts half as much. Raising it trusts fewer people of whom an arm or a leg was missed.
        continued_presence, continued_reach: what ``usable_presence`` and ``usable_reach`` are for people whose pose
            goes on from the frame before without a jump: two frames that agree are worth more than one. Raising them
            trusts fewer people in videos.
        usable_lean: degrees of the trunk from upright from which a pose is doubtful. Lowering it trusts fewer people
            who lie or jump; body models have seen few of them.
        usable_step: metres that the joints, on average, may move about the pelvis from one frame to the next.
            Lowering it trusts fewer quick movements, and fewer poses that turn front to back.
        most_predicted: frames after the last sighting from which a predicted pose is unusable. Raising it believes
            predictions for longer.
    """

    usable_pixels: Annotated[float, Ge(0)] = 40.0
    least_pixels: Annotated[float, Ge(0)] = 16.0
    usable_sharpness: Annotated[float, Interval(ge=0, le=1)] = 0.07
    least_sharpness: Annotated[float, Interval(ge=0, le=1)] = 0.03
    usable_contrast: Annotated[float, Interval(ge=0, le=255)] = 3.0
    least_contrast: Annotated[float, Interval(ge=0, le=255)] = 1.6
    usable_in_picture: Annotated[float, Interval(ge=0, le=1)] = 0.95
    least_in_picture: Annotated[float, Interval(ge=0, le=1)] = 0.3
    usable_in_sight: Annotated[float, Interval(ge=0, le=1)] = 0.75
    least_in_sight: Annotated[float, Interval(ge=0, le=1)] = 0.35
    usable_presence: Annotated[float, Interval(ge=0, le=1)] = 0.9
    least_presence: Annotated[float, Interval(ge=0, le=1)] = 0.1
    usable_fit: Annotated[float, Interval(ge=0, le=1)] = 0.75
    least_fit: Annotated[float, Interval(ge=0, le=1)] = 0.45
    usable_reach: Annotated[float, Interval(ge=0, le=1)] = 0.96
    continued_presence: Annotated[float, Interval(ge=0, le=1)] = 0.85
    continued_reach: Annotated[float, Interval(ge=0, le=1)] = 0.92
    usable_lean: Annotated[float, Interval(ge=0, le=180)] = 90.0
    usable_step: Annotated[float, Ge(0)] = 0.12
    most_predicted: Annotated[int, Ge(0)] = 5

    def __post_init__(self) -> None:
        check_bounds(self)
