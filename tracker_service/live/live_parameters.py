"""What can be set about following people live."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from tracker_service.types.bounds import check_bounds


@dataclass(frozen=True)
class LiveParameters:
    """Which frames are computed where the machine is slower than the camera, what is kept, and what clients may ask.

    Attributes:
        drop: oldest skips frames that would come too late, so that the latency is bounded; none computes every frame,
            and lets the source wait, or the network lose what nobody reads.
        latency_ms: milliseconds that a frame may wait for its turn (``drop=oldest``); once one has waited longer, only
            the newest is computed. Raising it computes more frames after a hiccup, and says later what happens.
        waiting_frames: frames that wait for their turn at most. Raising it takes about 3 MB a frame at 1080p.
        most_streams: live streams of the service at the same time; beyond it 503, or the newest stream of a client
            that has more than its share ends for another client's. Raising it shares the machine among more.
        sources: what clients may let the service read, as `rtsp://10.0.0.*` or `https://cam*.example`: a protocol and a
            host, in which * stands for anything; none by default, others get 403. Frames come from the host that is
            named and from no other.
        record_seconds: length of one part of a recording, a folder of ordinary results. Raising it makes fewer, longer
            parts.
        record_bytes: room of a recording on the disk, in the service of all recordings together; the oldest parts are
            removed. Raising it keeps more.
        record_overlay: whether each part of a recording gets its overlay as a video. Drawing it takes time from the
            frames: fewer are computed.
        record_folder: where the service records the streams of clients who ask for it; none refuses them.
    """

    drop: Literal["oldest", "none"] = "oldest"
    latency_ms: Annotated[float, Ge(0)] = 100.0
    waiting_frames: Annotated[int, Ge(1)] = 16
    most_streams: Annotated[int, Ge(1)] = 8
    sources: tuple[str, ...] = ()
    record_seconds: Annotated[float, Gt(0)] = 600.0
    record_bytes: Annotated[int, Ge(1)] = 10 * 1024**3
    record_overlay: bool = False
    record_folder: Path | None = None

    def __post_init__(self) -> None:
        check_bounds(self)
