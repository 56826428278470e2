"""What can be set about sessions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt

from tracker_service.types.bounds import check_bounds
from tracker_service.types.frames import USUAL_RATE


@dataclass(frozen=True)
class SessionParameters:
    """Bounds and waiting times of frame sessions.

    Attributes:
        gap_seconds: quiet time of a session after which missing frames are skipped. Raising it orders more frames and
            makes those behind a lost one wait longer.
        wait_seconds: longest that an early frame waits for missing ones while others of its session move. Raising it
            orders more; it must stay below the clients' own timeouts.
        expiry_seconds: idle time after which a session is forgotten.
        max_sessions: sessions kept; of the client that has most, the longest idle one without a frame in flight goes
            first. Raising it takes memory.
        history: answered frames kept per session, for retries and as neighbours of late frames. Raising it takes about
            5 kB per frame and person.
        keep: folder in which live sessions are kept, so that they survive a restart; one for each service. None
            forgets them. They are kept on disk only, also where jobs are in PostgreSQL: people, answers and thumbnails
            of 8 x 8 pixels, no images.
        keep_seconds: how often that is done. Raising it costs less and loses more when the service is killed.
        fps: frame numbers a second, as clients are taken to count: what people's velocities in the world are computed
            with. Raising it makes them faster.
        workers: batches computed at the same time. Raising it uses more cores.
    """

    gap_seconds: Annotated[float, Gt(0)] = 2.0
    wait_seconds: Annotated[float, Gt(0)] = 20.0
    expiry_seconds: Annotated[float, Gt(0)] = 600.0
    max_sessions: Annotated[int, Ge(1)] = 200
    history: Annotated[int, Ge(1)] = 300
    keep: Path | None = None
    keep_seconds: Annotated[float, Gt(0)] = 1.0
    fps: Annotated[float, Gt(0)] = USUAL_RATE
    workers: Annotated[int, Ge(1)] = 2

    def __post_init__(self) -> None:
        check_bounds(self)
