"""The documented shapes of the video and job routes."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tracker_service.api.http.error_schemas import Responses, errors
from tracker_service.api.jobs.options import JobOptions, VideoPath
from tracker_service.api.jobs.views import Queued

Row3 = Annotated[list[float], Field(min_length=3, max_length=3)]
Row2 = Annotated[list[float], Field(min_length=2, max_length=2)]
Matrix = Annotated[list[Row3], Field(min_length=3, max_length=3)]

_LOCATION = {"Location": {"description": "the job, /jobs/{job_id}", "schema": {"type": "string"}}}
_BEFORE_A_JOB = errors(400, 401, 403, 408, 413, 415, 422, 429, 500, 503)
_OF_A_JOB = errors(401, 404, 422, 429, 500, 503)


class SmplParameters(BaseModel):
    """SMPL as rotation matrices."""

    betas: Annotated[list[float], Field(min_length=10, max_length=10)]
    body_pose: Annotated[list[Matrix], Field(min_length=23, max_length=23)]
    global_orient: Annotated[list[Matrix], Field(min_length=1, max_length=1)]


class Translation(BaseModel):
    """The person in front of the camera of the full frame, for focal length 5000/256 * max(width, height)."""

    tx: float
    ty: float
    tz: float


class CropCamera(BaseModel):
    """Weak-perspective camera of the person's crop."""

    scale: float
    tx: float
    ty: float


def _all_optional(schema: dict[str, Any]) -> None:
    schema.pop("required")


class Person(BaseModel):
    """A person of a frame; with `fields` only those."""

    model_config = ConfigDict(json_schema_extra=_all_optional)

    track_id: int = Field(ge=1)
    state: str = Field(description="seen or predicted")
    age: int = Field(ge=0, description="frames since the person was last seen")
    confidence: float = Field(description="detection score when last seen")
    tracking_confidence: float = Field(description="1.0 when seen, below 1 and falling when predicted")
    bbox: Annotated[list[float], Field(min_length=4, max_length=4, description="x, y, width, height; pixels")]
    smpl: SmplParameters
    keypoints_3d: Annotated[list[Row3], Field(min_length=45, max_length=45, description="metres, model space")]
    keypoints_2d: Annotated[list[Row2], Field(min_length=45, max_length=45, description="pixels")]
    camera: Translation
    camera_crop: CropCamera
    mesh_vertices: list[Row3] | None = Field(default=None, description="metres, model space; not with mesh=false")


class VideoFrame(BaseModel):
    """One frame; there is exactly one for every frame of the video."""

    frame_number: int
    timestamp: float = Field(description="seconds since the first frame")
    frame_width: int
    frame_height: int
    shot: bool = Field(description="true on the first frame of a new shot")
    dropped: dict[str, int] = Field(description="boxes that each gate removed")
    persons: list[Person]


_ID = "3f1c9a52e8b04d7796a1c05de2f4b873"
_FRAME: dict[str, Any] = {
    "frame_number": 0,
    "timestamp": 0.0,
    "frame_width": 1920,
    "frame_height": 1080,
    "shot": False,
    "dropped": {"low_score": 43, "small": 0, "absent": 0, "duplicate": 0},
    "persons": [],
}
_ANSWER: dict[str, Any] = {
    "job_id": _ID,
    "video_path": r"C:\Users\me\clip.mov",
    "frames": [_FRAME],
    "status": "success",
    "pkl_path": rf"C:\Users\me\jobs\{_ID}\tracks.pkl",
    "total_frames": 140,
    "processing_time_seconds": 41.2,
    "parsing_time_seconds": 0.4,
}


def _example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class VideoAnswer(BaseModel):
    """The result of a video."""

    model_config = _example(_ANSWER)

    job_id: str
    video_path: str
    frames: list[VideoFrame]
    status: str = Field(description="success; error when the job failed after the answer had begun")
    error: str | None = Field(default=None, description="why, with status error")
    pkl_path: str | None = Field(description="as the client sees it, else a path of this API")
    total_frames: int
    processing_time_seconds: float
    parsing_time_seconds: float


class ResultsPage(BaseModel):
    """Some of a job's frames."""

    model_config = _example(
        {
            "job_id": _ID,
            "video_path": "/shared/videos/clip.mov",
            "frames": [_FRAME],
            "status": "running",
            "from": 0,
            "next": 1,
            "frames_done": 1,
            "frames_total": 140,
        }
    )

    job_id: str
    video_path: str
    frames: list[VideoFrame]
    status: str = Field(description="the job's state")
    start: int = Field(alias="from")
    next: int = Field(description="where the next part begins")
    frames_done: int
    frames_total: int | None
    error: str | None = Field(default=None, description="why, for a failed or cancelled job")


class VideoStatus(BaseModel):
    """State of a video job in the older spelling."""

    model_config = _example(
        {
            "job_id": _ID,
            "status": "processing",
            "video_path": r"C:\Users\me\clip.mov",
            "queued_at": 1763730000.25,
            "started_at": 1763730001.5,
            "completed_at": None,
            "queue_position": 0,
            "frames_done": 96,
            "frames_total": 140,
            "result": None,
        }
    )

    job_id: str
    status: str = Field(description="queued, processing, completed or failed")
    video_path: str
    queued_at: float
    started_at: float | None
    completed_at: float | None
    queue_position: int
    frames_done: int
    frames_total: int | None
    error: str | None = None
    result: VideoAnswer | None = Field(description="when completed, unless result=false")


class Accepted(BaseModel):
    """An accepted upload."""

    model_config = _example({"status": "accepted", "job_id": _ID, "message": f"poll /job_status/{_ID}"})

    status: str = "accepted"
    job_id: str
    message: str


class AsyncStatus(BaseModel):
    """State of a job in the spelling of ``/process_video_async``."""

    model_config = _example(
        {
            "job_id": _ID,
            "status": "complete",
            "processing_time": 41.2,
            "output_path": f"/shared/jobs/{_ID}/overlay.mp4",
            "result": {
                "status": "success",
                "output_path": f"/shared/jobs/{_ID}/overlay.mp4",
                "pkl_path": f"/shared/jobs/{_ID}/tracks.pkl",
                "video_path": "clip.mov",
                "total_frames": 140,
            },
        }
    )

    job_id: str
    status: str = Field(description="queued, processing, complete or error")
    elapsed_time: float | None = Field(default=None, description="seconds; while processing")
    processing_time: float | None = Field(default=None, description="seconds; when complete")
    output_path: str | None = Field(default=None, description="the overlay as the client sees it; when complete")
    result: dict[str, Any] | None = Field(default=None, description="paths and number of frames; when complete")
    error: str | None = Field(default=None, description="when it failed")


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
ACCEPTED_RESPONSES: Responses = {200: {"model": Accepted, "description": "The job is queued"}, **_BEFORE_A_JOB}
SUBMITTED_RESPONSES: Responses = {202: _QUEUED, **_BEFORE_A_JOB}
ASYNC_STATUS_RESPONSES: Responses = {200: {"model": AsyncStatus, "description": "The state"}, **_OF_A_JOB}
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
    204: {"description": "The client has had the last event; stops an EventSource from asking again"},
    **_OF_A_JOB,
}
TRACKS_RESPONSES: Responses = {
    200: file_answer("application/x-pickle", "PHALP's layout; read it with joblib.load"),
    206: {"description": "The asked range"},
    **_OF_A_JOB,
    **errors(400, 409, 416),
}
OVERLAY_RESPONSES: Responses = {**TRACKS_RESPONSES, 200: file_answer("video/mp4", "The video with its people drawn")}
DELETE_RESPONSES: Responses = {204: {"description": "The job was final and is forgotten"}, **_OF_A_JOB}


def _form(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    video = {"type": "string", "format": "binary", "description": "the file"}
    return {"schema": {**schema, "properties": {"video": video, **schema["properties"]}, "required": ["video"]}}


VIDEO_FORM: dict[str, Any] = {"requestBody": {"required": True, "content": {"multipart/form-data": _form(JobOptions)}}}
VIDEO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": VideoPath.model_json_schema()},
            "multipart/form-data": _form(JobOptions),
        },
    }
}
