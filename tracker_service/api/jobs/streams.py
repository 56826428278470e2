"""A job as lines of JSON and as server-sent events, while it runs."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import orjson
from anyio import to_thread
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from tracker_service.api.http.errors import verdict
from tracker_service.api.jobs.following import Event, Lines, Quiet
from tracker_service.api.jobs.frame_fields import FrameShape
from tracker_service.api.jobs.job_answers import JobView, failure
from tracker_service.jobs.job import Job, JobState

_logger = logging.getLogger(__name__)
_RECONNECT_MILLISECONDS = 3000


async def frame_lines(events: AsyncGenerator[Event, None], shape: FrameShape) -> AsyncGenerator[bytes, None]:
    """Yield one frame a line; empty lines keep the connection busy, and a line with ``error`` tells of a failure."""
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Lines):
                    for line in event.lines:
                        shaped = line if shape.plain else await to_thread.run_sync(shape.apply, line)
                        yield shaped + b"\n"
                elif isinstance(event, Quiet):
                    yield b"\n"
                elif event.job.state is not JobState.COMPLETED:
                    yield orjson.dumps({"error": failure(event.job), "state": event.job.state}) + b"\n"
    except Exception as error:  # the status line is long gone
        _logger.exception("a job's result lines broke off")
        yield orjson.dumps({"error": verdict(error).saying or str(error), "state": None}) + b"\n"


async def progress_events(
    job: Job,
    look: Callable[[], Awaitable[Job]],
    *,
    last_id: str | None,
    poll: float = 0.5,
    quiet: float = 15.0,
) -> AsyncGenerator[bytes, None]:
    """Yield the job as server-sent events: ``progress`` when something changed, ``end`` when it is final.

    Args:
        job: the job as it is now.
        look: returns the job as it is then; raises when it cannot be followed any more.
        last_id: id of the last event that the client has had; it is not sent again.
        poll: seconds between two looks. Raising it costs less and tells later.
        quiet: seconds of silence after which a comment is sent.
    """
    yield format_sse_event(retry=_RECONNECT_MILLISECONDS)
    silence, seen = 0.0, last_id
    while True:
        if event_id(job) != seen:
            silence, seen = 0.0, event_id(job)
            name = "end" if job.state.final else "progress"
            yield format_sse_event(event=name, id=seen, data_str=JobView.of(job).model_dump_json())
        elif silence >= quiet:
            silence = 0.0
            yield KEEPALIVE_COMMENT
        if job.state.final:
            return
        await asyncio.sleep(poll)
        silence += poll
        job = await look()


def event_id(job: Job) -> str:
    """Return what tells one progress of a job from another."""
    return f"{job.state}-{job.attempts}-{job.frames_done}-{job.queue_position}"
