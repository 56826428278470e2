"""What the documentation says of the answers and bodies of the video and job routes."""

from typing import Any

from pydantic import TypeAdapter

from tracker_service.api.http.error_schemas import Responses, errors
from tracker_service.api.jobs.document_answers import ResultsPage, VideoAnswer, VideoStatus
from tracker_service.api.jobs.job_answers import Queued
from tracker_service.api.jobs.legacy.result import Processed, UploadStatusAnswer
from tracker_service.api.jobs.options import VideoPath
from tracker_service.jobs.job import JobOptions

_LOCATION = {"Location": {"description": "the job, /jobs/{job_id}", "schema": {"type": "string"}}}
_BEFORE_A_JOB = errors(400, 401, 403, 408, 413, 415, 422, 429, 500, 503)
_OF_A_JOB = errors(401, 404, 422, 429, 500, 503)


def file_answer(media_type: str, description: str) -> dict[str, Any]:
    """Return the documentation of an answer that is a file."""
    return {"description": description, "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}


_QUEUED: dict[str, Any] = {"model": Queued, "description": "Queued; follow Location", "headers": _LOCATION}
POSE_VIDEO_RESPONSES: Responses = {
    200: {"model": VideoAnswer, "description": "All frames, streamed as they become final"},
    202: _QUEUED,
    **_BEFORE_A_JOB,
    **errors(409),
}
STATUS_RESPONSES: Responses = {200: {"model": VideoStatus, "description": "The state"}, **_OF_A_JOB}
ACCEPTED_RESPONSES: Responses = {200: {"description": "The job is queued"}, **_BEFORE_A_JOB}
SUBMITTED_RESPONSES: Responses = {202: _QUEUED, **_BEFORE_A_JOB}
UPLOAD_STATUS_RESPONSES: Responses = {200: {"model": UploadStatusAnswer, "description": "The state"}, **_OF_A_JOB}
PROCESSED_RESPONSES: Responses = {
    200: {"model": Processed, "description": "The result, once the job is complete"},
    **_BEFORE_A_JOB,
    **errors(409),
}
FRAME_RESPONSES: Responses = {
    200: file_answer("image/jpeg", "The frame with its people drawn on it"),
    **_OF_A_JOB,
    **errors(400),
}
LIST_RESPONSES: Responses = errors(401, 422, 429, 500, 503)
JOB_RESPONSES: Responses = _OF_A_JOB
RESUME_RESPONSES: Responses = {**_OF_A_JOB, **errors(409)}
RESULTS_RESPONSES: Responses = {
    200: {
        "model": ResultsPage,
        "description": "The frames, as one document or one a line",
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"frame_number":0,"timestamp":0.0,"persons":[]}\n{"frame_number":1,"persons":[]}\n',
            }
        },
    },
    **_OF_A_JOB,
    **errors(400),
}
EVENTS_RESPONSES: Responses = {
    200: {
        "description": "Events `progress`, and `end` as the last one; data is the job",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: progress\ndata: {"state":"running","frames_done":96}\nid: running-1-96-0\n\n',
            }
        },
    },
    204: {"description": "The client has received the last event; stops an EventSource from reconnecting"},
    **_OF_A_JOB,
}
TRACKS_RESPONSES: Responses = {
    200: file_answer("application/x-pickle", "PHALP's layout; read it with joblib.load"),
    206: {"description": "The asked range"},
    **_OF_A_JOB,
    **errors(400, 409, 416),
}
OVERLAY_RESPONSES: Responses = {**TRACKS_RESPONSES, 200: file_answer("video/mp4", "The video with its people drawn")}
SUMMARY_RESPONSES: Responses = {**TRACKS_RESPONSES, 200: file_answer("text/html", "What was found, how surely")}
VIEWER_RESPONSES: Responses = {
    200: {"description": "A page; it asks for an API key where one is needed", "content": {"text/html": {}}},
    **_OF_A_JOB,
}
VIEWER_FILE_RESPONSES: Responses = {
    200: {"description": "One file with the video and everything else in it", "content": {"text/html": {}}},
    **_OF_A_JOB,
    **errors(409),
}
DELETE_RESPONSES: Responses = {204: {"description": "The job was final and is deleted"}, **_OF_A_JOB}


def _form(options: type[JobOptions]) -> dict[str, Any]:
    schema = TypeAdapter(options).json_schema()
    video = {"type": "string", "format": "binary", "description": "the file"}
    fields = {"properties": {"video": video, **schema["properties"]}, "required": ["video"]}
    return {"schema": {**schema, **fields, "additionalProperties": False}}


VIDEO_FORM: dict[str, Any] = {"requestBody": {"required": True, "content": {"multipart/form-data": _form(JobOptions)}}}
VIDEO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": TypeAdapter(VideoPath).json_schema()},
            "multipart/form-data": _form(JobOptions),
        },
    }
}
