"""Settings of the second look."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class SecondLookParameters:
    """How confirmed people whom no detection continued are looked for once more, in the same frame.

    Attributes:
        enable: look a second time. Off, a missed person is predicted at once. It costs time only in frames in which
            somebody is missed; ``phalp.compat=upstream`` goes without.
        newcomers: look for people whom nobody knows yet, too: the finder looks around boxes in which nobody is seen,
            and at the whole frame where nobody is seen at all. Off, people who lie or are upside down are found late or
            never; on, frames without anybody cost up to half as much again as the detector, every so many frames.
        by: what looks at cut-outs: "finder", the model `person_finder`; "detector", the set's own detector once more.
            None takes the finder where it is served.
        cut_out: side of a cut-out as a multiple of the longer side of the expected box. Raising it finds people who
            moved further, and shows them smaller.
        growth: by how much a cut-out, and the distance at which somebody may be found, grow with every further missed
            frame.
        gate: score that the finder's boxes must be above. Raising it finds fewer people and fewer false ones. The
            detector's must be above ``phalp.second_pass_th``.
        turned: look at turned cut-outs, too, where nobody was found in the upright one: upside down, and as the person
            was last turned. It finds people in somersaults, and costs as much again where nobody is there.
        turned_gate: the gate of turned cut-outs, in which more is taken for people.
        find_presence: least confidence of the body model in a person in a box of the detector's; the finder's need
            none, because it knows people by their joints. Raising it believes fewer of those boxes: the body model
            misses one rider of ten.
    """

    enable: bool = True
    newcomers: bool = True
    by: Literal["finder", "detector"] | None = None
    cut_out: Annotated[float, Gt(1)] = 2.5
    growth: Annotated[float, Ge(0)] = 0.15
    gate: Annotated[float, Interval(ge=0, le=1)] = 0.1
    turned: bool = True
    turned_gate: Annotated[float, Interval(ge=0, le=1)] = 0.15
    find_presence: Annotated[float, Interval(ge=0, le=1)] = 0.03

    def __post_init__(self) -> None:
        check_bounds(self)
