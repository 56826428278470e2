"""What the service answers, as Python objects."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import httpx
import orjson

from tracker_service.errors import JobError, ServiceRefusedError, ServiceUnreachableError
from tracker_service.results.records import FrameRecord, PersonRecord, parse_frame, parse_persons

FINAL_STATES = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class PoseAnswer:
    """The answer to one frame.

    Attributes:
        frame_number: as it was sent.
        width, height: of the sent image in pixels.
        track_id: identity of the main person, None for nobody.
        persons: everybody in the frame.
        document: the whole answer, with the fields that older clients read.
    """

    frame_number: int
    width: int
    height: int
    track_id: int | None
    persons: tuple[PersonRecord, ...]
    document: Mapping[str, Any]

    @property
    def main(self) -> PersonRecord | None:
        """The main person, None for nobody."""
        return next((person for person in self.persons if person.track_id == self.track_id), None)

    @classmethod
    def of(cls, response: httpx.Response) -> Self:
        """Read the answer of ``POST /pose/hybrid``.

        Raises:
            ResultsError: the service answered something else.
        """
        document: dict[str, Any] = orjson.loads(response.content)
        return cls(
            document["frame_number"],
            document["frame_width"],
            document["frame_height"],
            document["track_id"],
            parse_persons(document["persons"], "the answer"),
            document,
        )


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A video job at one moment; names as in ``GET /jobs/{id}``.

    Attributes:
        job_id: its identity.
        state: queued, running or paused; completed, failed or cancelled are final.
        video_path: the video as the client named it.
        frames_done: frames whose results can be read.
        frames_total: about how many there are, None if unknown.
        queue_position: jobs before it in the queue.
        attempts: times that it was started.
        reason: why it failed, was cancelled or is paused.
    """

    job_id: str
    state: str
    video_path: str
    frames_done: int
    frames_total: int | None
    queue_position: int
    attempts: int
    reason: str | None

    @property
    def final(self) -> bool:
        """Whether the job will never change again."""
        return self.state in FINAL_STATES

    @classmethod
    def of(cls, document: str | bytes) -> Self:
        """Read a job; fields that a newer service adds are left out."""
        sent = orjson.loads(document)
        return cls(**{field.name: sent[field.name] for field in fields(cls)})


def refusal(response: httpx.Response) -> ServiceRefusedError:
    """Return the error of an answer of status 400 and above, whose body has been read."""
    try:
        sent = orjson.loads(response.content)
        message, request_id = str(sent["error"]), sent.get("request_id")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        message, request_id = response.text[:200] or response.reason_phrase, None
    return ServiceRefusedError(message, status=response.status_code, request_id=request_id)


def unreachable(error: httpx.TransportError, url: object) -> ServiceUnreachableError:
    """Return the error of a request that got no answer."""
    return ServiceUnreachableError(f"{url}: expected an answer, got {str(error) or type(error).__name__}")


def frame_of(line: str, job_id: str) -> FrameRecord | None:
    """Read a line of a job's results: a frame, or None for a line that only keeps the connection alive.

    Raises:
        JobError: the job has failed or was cancelled.
        ServiceUnreachableError: the service ended the stream before the job did; the rest can be asked for again.
        ResultsError: the line is no frame.
    """
    if not line.strip():
        return None
    if line.startswith('{"error"'):
        end = orjson.loads(line)
        if end.get("state") in FINAL_STATES:
            raise JobError(f"job {job_id}: expected it to complete, got {end['error']}")
        raise ServiceUnreachableError(f"job {job_id}: expected its frames to its end, got {end['error']}")
    return parse_frame(line.encode(), f"job {job_id}")
