"""What can be set about reading cameras and streams."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class LiveSourceParameters:
    """How a camera or stream is read, and what happens when it stops.

    Attributes:
        transport: how RTSP sends its packets. tcp loses none; udp comes a little sooner and may lose some.
        connect_seconds: longest that connecting may take. Raising it waits longer for slow cameras.
        silence_seconds: silence after which a stream counts as stalled and is connected again. Raising it bridges
            longer pauses of a source that is still there, and notices later that one is gone.
        first_pause: seconds between losing a stream and the first try to connect again; each further one waits twice as
            long. Raising it asks a broken camera less often and loses more of one that is back at once.
        longest_pause: seconds that the growing pauses end at. Raising it asks a camera that is away less often.
        retry_seconds: how long connecting again is tried before the run ends with an error; None for ever.
    """

    transport: Literal["tcp", "udp"] = "tcp"
    connect_seconds: Annotated[float, Gt(0)] = 10.0
    silence_seconds: Annotated[float, Gt(0)] = 5.0
    first_pause: Annotated[float, Gt(0)] = 0.25
    longest_pause: Annotated[float, Gt(0)] = 30.0
    retry_seconds: Annotated[float, Gt(0)] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)
