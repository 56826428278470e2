"""What is said on a live stream: JSON texts, each with a ``type``."""

from typing import Any

import orjson

from tracker_service.results.person_json import frame_record
from tracker_service.sessions.frame import FrameAnswer

_MILLISECONDS = 1000.0


def hello(stream_id: str, resume: str) -> bytes:
    """Return the first message of a socket: the token with which a broken one goes on."""
    return orjson.dumps({"type": "hello", "id": stream_id, "resume": resume})


def result(
    answer: FrameAnswer, *, captured: float, source_frame: int, skipped: int, latency: float, computed: int
) -> bytes:
    """Return the people of a frame.

    Args:
        answer: of the session.
        captured: when the frame was taken or came, seconds since the Unix epoch.
        source_frame: its number as the source or the client counts.
        skipped: frames since the last computed one that were not computed.
        latency: seconds from its arrival to this message.
        computed: frames of the stream so far that have a result.
    """
    live = {
        "captured": round(captured, 3),
        "source_frame": source_frame,
        "skipped": skipped,
        "latency_ms": round(latency * _MILLISECONDS, 1),
        "computed": computed,
    }
    main = None if answer.main is None else answer.main.track_id
    record = {"type": "result", **frame_record(answer.result), "main_track_id": main, "live": live}
    return orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)


def problem(message: str, **details: Any) -> bytes:
    """Return what went wrong with one frame; the stream goes on."""
    return orjson.dumps({"type": "problem", "error": message, **details})


def event(kind: str, message: str, at: float) -> bytes:
    """Return what happened to a source beside frames."""
    return orjson.dumps({"type": "event", "event": kind, "message": message, "at": round(at, 3)})
