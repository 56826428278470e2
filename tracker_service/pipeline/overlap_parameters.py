"""Settings of the overlapped stages."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal, Self

from annotated_types import Ge, Interval

from tracker_service.inference.device_parameters import GPUS
from tracker_service.types.bounds import check_bounds

_ON_A_GPU = {"window": 16, "workers": 3, "in_flight": 4}
"""What keeps a GPU busy: batches as large as the detector takes, one window on the card while another is cut out of its
frames and a third is described."""


@dataclass(frozen=True)
class OverlapParameters:
    """How the stages of the pipeline overlap; none of it changes the results.

    Attributes:
        window: frames per batch. Raising it makes batches larger (worth it on a GPU) and takes memory.
        workers: windows computed at the same time. Raising it uses more cores.
        in_flight: windows between decoding and association. Raising it smooths uneven windows and takes memory.
        sized_for: "gpu" takes 16, 3 and 4 for these three where they are left as they are, and then
            ``video.decoder_threads`` 0, ``inference.max_in_flight`` 8 and a ``jobs.concurrency`` of one for every two
            cores, at most 4; "cpu" takes what they say; "auto" takes "gpu" where the models run on one, as they or
            their server say.
    """

    window: Annotated[int, Interval(ge=1, le=256)] = 4
    workers: Annotated[int, Ge(1)] = 2
    in_flight: Annotated[int, Ge(1)] = 3
    sized_for: Literal["auto", "cpu", "gpu"] = "auto"

    def __post_init__(self) -> None:
        check_bounds(self)

    def in_use(self, devices: Iterable[str]) -> Self:
        """Return the values for models on these devices, with the profile that was taken."""
        if self.sized_for == "cpu" or (self.sized_for == "auto" and GPUS.isdisjoint(devices)):
            return replace(self, sized_for="cpu")
        left = {field.name for field in fields(self) if getattr(self, field.name) == field.default}
        values = {name: value for name, value in _ON_A_GPU.items() if name in left}
        return replace(self, sized_for="gpu", **values)
