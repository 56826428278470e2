"""The options of a video job that clients may set."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import orjson
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tracker_service.api.http.errors import describe_problem, http_error

_LARGEST = 2**31 - 1
_LOWEST_PRIORITY = 200


def _empty_is_all(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class JobOptions(BaseModel):
    """How a video is computed; JSON fields beside ``video_path``, or text fields of the form."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    max_frames: Annotated[int | None, BeforeValidator(_empty_is_all)] = Field(
        default=None, ge=1, le=_LARGEST, description="stop after this many frames; without it, read to the end"
    )
    overlay: bool = Field(default=True, description="also draw `overlay.mp4`, which takes about as long as tracking")
    refine: bool = Field(default=False, description="smooth and fill gaps in a second pass")
    priority: int = Field(default=100, ge=0, le=_LOWEST_PRIORITY, description="lower goes first")

    @classmethod
    def of(cls, values: Mapping[str, Any], *, overlay: bool) -> Self:
        """Parse JSON or form fields; ``overlay`` is the route's default.

        Raises:
            HTTPException: 422, with the field that cannot be used.
        """
        try:
            return cls.model_validate({"overlay": overlay, **values})
        except ValidationError as error:
            raise http_error(422, "; ".join(describe_problem(dict(problem)) for problem in error.errors())) from error


class VideoPath(JobOptions):
    """The JSON body of a video request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"video_path": r"C:\Users\me\clip.mov"}]})

    video_path: str = Field(description="as the client sees it: Windows, WSL, or inside a shared volume")


def video_path_of(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the path in a JSON body and all of its fields.

    Raises:
        HTTPException: 400, there is none; 422, it is no string.
    """
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise http_error(400, f"body: expected JSON or a form with a file, got neither ({error})") from error
    if not isinstance(sent, dict) or sent.get("video_path") in (None, ""):
        raise http_error(400, "Missing video_path parameter")
    if not isinstance(sent["video_path"], str):
        raise http_error(422, f"video_path: expected a string, got {type(sent['video_path']).__name__}")
    return sent["video_path"], sent


MeshQuery = Annotated[
    bool | None, Query(description="whether persons have `mesh_vertices`; wins over `fields` and the route's default")
]
FieldsQuery = Annotated[
    str | None,
    Query(description="fields of a person to send, separated by commas", examples=["track_id,bbox,keypoints_2d"]),
]
OnDisconnectQuery = Annotated[
    Literal["continue", "cancel"], Query(description="what happens to the job when the client disconnects")
]
