"""Settings of the overlapped stages."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Interval

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class OverlapParameters:
    """How the stages of the pipeline overlap; none of it changes the results.

    Attributes:
        window: frames per batch. Raising it makes batches larger (worth it on a GPU) and takes memory.
        workers: windows computed at the same time. Raising it uses more cores.
        in_flight: windows between decoding and association. Raising it smooths uneven windows and takes memory.
    """

    window: Annotated[int, Interval(ge=1, le=256)] = 4
    workers: Annotated[int, Ge(1)] = 2
    in_flight: Annotated[int, Ge(1)] = 3

    def __post_init__(self) -> None:
        check_bounds(self)
