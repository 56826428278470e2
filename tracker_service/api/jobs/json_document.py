"""A job's result as one JSON document, streamed while the job runs."""

import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import orjson
from anyio import to_thread
from pydantic import BaseModel

from tracker_service.api.http.errors import status_of
from tracker_service.api.jobs.following import Ended, Event, Idle, Lines
from tracker_service.api.jobs.frame_fields import FrameFormat
from tracker_service.api.jobs.legacy.frames import LegacyFrames
from tracker_service.jobs.job import Job

KEEP_ALIVE = b" "
"""JSON allows space between any two values."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class DocumentStatistics:
    """What is known when the last frame has been written.

    Attributes:
        frames: frames written.
        seconds: time spent on formatting them.
    """

    frames: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class JobDocument:
    """A JSON object with the fields of ``head``, the list ``frames``, and the fields of ``tail``.

    Attributes:
        head: the fields before ``frames``, known before anything is computed; at least one.
        tail: gives the fields behind ``frames`` once the job has ended; at least one. Unset ones are left out.
        frame_format: what is sent of each frame.
        opening, closing: text around the document, to embed it in another one.
    """

    head: BaseModel
    tail: Callable[[Job, DocumentStatistics], BaseModel]
    frame_format: FrameFormat | LegacyFrames = field(default_factory=FrameFormat)
    opening: bytes = b""
    closing: bytes = b""

    async def write(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[bytes, None]:
        """Yield the document piece by piece; whatever happens after the first piece, it ends as valid JSON."""
        statistics = DocumentStatistics()
        yield self.opening + _json(self.head)[:-1] + b',"frames":['
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Lines):
                        async for piece in self._frames(event.lines, statistics):
                            yield piece
                    elif isinstance(event, Idle):
                        yield KEEP_ALIVE
                    elif isinstance(event, Ended):
                        tail = _json(self.tail(event.job, statistics))
        except Exception as error:  # the status line was sent long ago
            _logger.exception("a job's document was cut short")
            tail = orjson.dumps({"status": "error", "error": status_of(error).message or str(error)})
        yield b"]," + tail[1:] + self.closing

    async def _frames(self, lines: list[bytes], statistics: DocumentStatistics) -> AsyncGenerator[bytes, None]:
        started = time.perf_counter()
        for line in lines:
            separator = b"," if statistics.frames else b""
            # One frame at a time: with meshes a frame may have megabytes.
            formatted = line if self.frame_format.unchanged else await to_thread.run_sync(self.frame_format.apply, line)
            statistics.frames += 1
            statistics.seconds += time.perf_counter() - started
            yield separator + formatted
            started = time.perf_counter()


def _json(fields: BaseModel) -> bytes:
    return fields.model_dump_json(by_alias=True, exclude_unset=True).encode()
