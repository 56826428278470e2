"""A running job as lines of JSON and as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import orjson
from anyio import to_thread
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from tracker_service.api.http.errors import status_of
from tracker_service.api.jobs.following import Event, Idle, Lines
from tracker_service.api.jobs.frame_fields import FrameFormat
from tracker_service.api.jobs.job_answers import JobView, failure
from tracker_service.jobs.job import Job, JobState

_logger = logging.getLogger(__name__)
_RECONNECT_MILLISECONDS = 3000


async def frame_lines(events: AsyncGenerator[Event, None], frame_format: FrameFormat) -> AsyncGenerator[bytes, None]:
    """Yield one frame a line; empty lines keep the connection alive, and a line with ``error`` reports a failure."""
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Lines):
                    for line in event.lines:
                        formatted = (
                            line if frame_format.unchanged else await to_thread.run_sync(frame_format.apply, line)
                        )
                        yield formatted + b"\n"
                elif isinstance(event, Idle):
                    yield b"\n"
                elif event.job.state is not JobState.COMPLETED:
                    yield orjson.dumps({"error": failure(event.job), "state": event.job.state}) + b"\n"
    except Exception as error:  # the status line was sent long ago
        _logger.exception("a job's result lines were cut short")
        yield orjson.dumps({"error": status_of(error).message or str(error), "state": None}) + b"\n"


async def progress_events(
    job: Job,
    poll: Callable[[], Awaitable[Job]],
    *,
    last_id: str | None,
    interval: float = 0.5,
    idle: float = 4.0,
) -> AsyncGenerator[bytes, None]:
    """Yield the job as server-sent events: ``progress`` when something changed, ``end`` when it is final.

    Args:
        job: the job as it is now.
        poll: returns the job as it is then; raises when it cannot be followed any more.
        last_id: id of the last event that the client has received; it is not sent again.
        interval: seconds between two polls. Raising it costs less and delays events.
        idle: seconds without an event after which a comment is sent, which keeps the connection alive.
    """
    yield format_sse_event(retry=_RECONNECT_MILLISECONDS)
    idle_seconds, seen = 0.0, last_id
    while True:
        if event_id(job) != seen:
            idle_seconds, seen = 0.0, event_id(job)
            name = "end" if job.state.final else "progress"
            yield format_sse_event(event=name, id=seen, data_str=JobView.of(job).model_dump_json())
        elif idle_seconds >= idle:
            idle_seconds = 0.0
            yield KEEPALIVE_COMMENT
        if job.state.final:
            return
        await asyncio.sleep(interval)
        idle_seconds += interval
        job = await poll()


def event_id(job: Job) -> str:
    """Return the id of the event for this progress of a job."""
    return f"{job.state}-{job.attempts}-{job.frames_done}-{job.queue_position}"
