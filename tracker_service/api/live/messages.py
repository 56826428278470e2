"""What is said on a live stream: JSON texts, each with a ``type``, or results packed as the viewer's page reads them.

A packed result has a head of 16 bytes, little-endian: `PACKED_MAGIC`, the frame's number as the client counts (uint32),
milliseconds from its arrival to the result (float32), and the bytes of the timeline that follows (uint32); behind that
come the bodies. Both have one frame, in the layout of `tracker_service.viewer.chunks`.
"""

import struct
from dataclasses import dataclass
from typing import Any

import orjson

from tracker_service.body.model import BodyModel
from tracker_service.results.person_json import frame_bytes, frame_record
from tracker_service.results.records import parse_frame
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.viewer.chunks import pack

PACKED_MAGIC = 0x314C5650
_HEAD = struct.Struct("<IIfI")
_MILLISECONDS = 1000.0


def hello(stream_id: str, resume: str) -> bytes:
    """Return the first message of a socket: the token with which a broken one goes on."""
    return orjson.dumps({"type": "hello", "id": stream_id, "resume": resume})


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """The answer to a frame of a stream.

    Attributes:
        answer: of the session.
        captured: when the frame was taken or came, seconds since the Unix epoch.
        source_frame: its number as the source or the client counts.
        skipped: frames since the last computed one that were not computed.
        latency: seconds from its arrival to this answer.
        computed: frames of the stream so far that have a result.
    """

    answer: FrameAnswer
    captured: float
    source_frame: int
    skipped: int
    latency: float
    computed: int


def result(live: LiveAnswer) -> bytes:
    """Return the people of a frame as JSON."""
    answer = live.answer
    about = {
        "captured": round(live.captured, 3),
        "source_frame": live.source_frame,
        "skipped": live.skipped,
        "latency_ms": round(live.latency * _MILLISECONDS, 1),
        "computed": live.computed,
    }
    main = None if answer.main is None else answer.main.track_id
    record = {"type": "result", **frame_record(answer.result), "main_track_id": main, "live": about}
    return orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)


def packed_result(live: LiveAnswer, body: BodyModel) -> bytes:
    """Return the people of a frame as the viewer's page reads them; see above."""
    result = live.answer.result
    chunk = pack([parse_frame(frame_bytes(result), f"frame {result.frame_number}")], body)
    milliseconds = live.latency * _MILLISECONDS
    head = _HEAD.pack(PACKED_MAGIC, live.source_frame % 2**32, milliseconds, len(chunk.timeline))
    return head + chunk.timeline + chunk.bodies


def problem(message: str, **details: Any) -> bytes:
    """Return what went wrong with one frame; the stream goes on."""
    return orjson.dumps({"type": "problem", "error": message, **details})


def event(kind: str, message: str, at: float) -> bytes:
    """Return what happened to a source beside frames."""
    return orjson.dumps({"type": "event", "event": kind, "message": message, "at": round(at, 3)})
