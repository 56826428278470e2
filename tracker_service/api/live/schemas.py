"""The bodies and answers of the live routes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.http.error_schemas import Responses, errors

STREAM_ID = r"^[A-Za-z0-9._-]{1,64}$"
_EXAMPLE: dict[str, Any] = {
    "id": "door",
    "state": "running",
    "source": "rtsp://camera/1",
    "frames_computed": 96,
    "frames_skipped": 120,
    "frames_failed": 0,
    "reconnections": 1,
    "readers": 2,
    "recording": False,
}


class LiveRequest(BaseModel):
    """The body of ``POST /live``."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"id": "door", "source": "rtsp://cam/1"}]}
    )

    id: str = Field(pattern=STREAM_ID, description="name of the stream among those of the client")
    source: Annotated[
        str, Field(min_length=1, max_length=2048, description="address that the service may read: live.sources")
    ]
    record: bool = Field(default=False, description="keep ordinary results of it, where live.record_folder is set")


class LiveView(BaseModel):
    """A live stream."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    state: Literal["running", "waiting", "ended"] = Field(description="waiting: for a socket that goes on")
    source: Annotated[str | None, Field(description="without credentials; null where a socket sends the frames")]
    frames_computed: int
    frames_skipped: int
    frames_failed: int
    reconnections: int
    readers: int = Field(description="who follows it")
    recording: bool = Field(description="whether its results are kept")


class LiveList(BaseModel):
    """The live streams of a client."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"streams": [_EXAMPLE]}]})

    streams: list[LiveView]


class LivePart(BaseModel):
    """A complete part of a recording."""

    name: str
    frames: int
    bytes: int
    files: list[str] = Field(description="as `phalp-triton track` writes them")


class LiveParts(BaseModel):
    """The complete parts of a recording, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"parts": [{"name": "part-00001", "frames": 7200, "bytes": 91_000_000, "files": ["results.ndjson"]}]}
            ]
        }
    )

    parts: list[LivePart]


_OF_ALL = errors(401, 422, 429, 500, 503)
STARTED_RESPONSES: Responses = {**_OF_ALL, **errors(400, 403, 408, 409, 413, 415)}
LIST_RESPONSES: Responses = _OF_ALL
PARTS_RESPONSES: Responses = {**_OF_ALL, **errors(403, 404)}
STREAM_RESPONSES: Responses = {**_OF_ALL, **errors(404)}
EVENTS_RESPONSES: Responses = {
    200: {
        "description": "Server-sent events, whose data are JSON objects with a type: result, problem or event",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **STREAM_RESPONSES,
}
