"""What is said of one frame of a live run."""

from dataclasses import dataclass

import orjson

from tracker_service.results.person_json import Record, frame_record
from tracker_service.types import FrameResult, Picture

_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrameResult:
    """A frame with its people, and when it was.

    Attributes:
        result: the frame; its number counts time, in periods of the stream's rate since the first frame, so it leaves
            out numbers where frames are skipped or the source was away.
        source_frame: how many frames of the source came before it.
        skipped: frames of the source since the one computed before it that were not computed.
        captured: when it was taken, seconds since the Unix epoch.
        latency: seconds from its arrival to this result.
        picture: of the frame, where somebody wants to see it.
    """

    result: FrameResult
    source_frame: int
    skipped: int
    captured: float
    latency: float
    picture: Picture | None = None


def live_record(frame: LiveFrameResult) -> Record:
    """Return the frame as `tracker_service.results.person_json.frame_record` has it, with the object ``live``."""
    live = {
        "captured": round(frame.captured, 3),
        "source_frame": frame.source_frame,
        "skipped": frame.skipped,
        "latency_ms": round(frame.latency * _MILLISECONDS, 1),
    }
    return {**frame_record(frame.result), "live": live}


def live_line(frame: LiveFrameResult) -> bytes:
    """Return the frame as one line of JSON, with its line break."""
    return orjson.dumps(live_record(frame), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)
