"""The options of a video job that clients may set."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from tracker_service.api.http.errors import describe_problem, http_error
from tracker_service.api.http.known_names import check_names
from tracker_service.jobs.job import JobOptions

_OPTIONS = TypeAdapter(JobOptions)
_FLAG = TypeAdapter(bool)
_NAMES = tuple(field.name for field in fields(JobOptions))


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPath(JobOptions):
    """The JSON body of a video request."""

    __pydantic_config__ = ConfigDict(
        json_schema_extra={"additionalProperties": False, "examples": [{"video_path": r"C:\Users\me\clip.mov"}]}
    )

    video_path: Annotated[str, Field(description="as the client sees it: Windows, WSL, or inside a shared volume")]


def job_options(values: Mapping[str, Any], *, overlay: bool, query: Collection[str] = ()) -> JobOptions:
    """Parse JSON or form fields.

    Args:
        values: the fields beside the video; null is as good as nothing.
        overlay: the route's default.
        query: names that the route reads in the query.

    Raises:
        HTTPException: 422, with the field that cannot be used or that is unknown.
    """
    check_names(values.keys(), _NAMES, {"query": query})
    try:
        given = {name: value for name, value in values.items() if value is not None}
        return _OPTIONS.validate_python({"overlay": overlay, **given})
    except ValidationError as error:
        raise http_error(422, "; ".join(describe_problem(dict(problem)) for problem in error.errors())) from error


def video_path_of(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the path in a JSON body and its other fields.

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
    return sent.pop("video_path"), sent


MeshQuery = Annotated[
    bool | None, Query(description="whether persons have `mesh_vertices`; wins over `fields` and the route's default")
]
FieldsQuery = Annotated[
    str | None,
    Query(description="fields of a person to send, separated by commas", examples=["track_id,bbox,keypoints_2d"]),
]


def flag_of(request: Request, parameter: Mapping[str, Any]) -> bool:
    """Return a flag of the query of a route that ignores other parameters.

    Args:
        request: the request.
        parameter: its documentation, see `RESULT_PARAMETER`.

    Raises:
        HTTPException: 422, it is no flag.
    """
    name, schema = parameter["name"], parameter["schema"]
    try:
        return _FLAG.validate_python(request.query_params.get(name, schema["default"]))
    except ValidationError as error:
        problem = {**error.errors()[0], "loc": (name,)}
        raise http_error(422, describe_problem(problem)) from error


def _flag(name: str, description: str, *, default: bool) -> dict[str, Any]:
    schema = {"type": "boolean", "default": default}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


RESULT_PARAMETER = _flag("result", "whether a complete job's answer has `result`", default=True)
MESH_PARAMETER = _flag("mesh", "whether the frames of `result` have `vertices`; the first has `faces`", default=False)
OnDisconnectQuery = Annotated[
    Literal["continue", "cancel"], Query(description="what happens to the job when the client disconnects")
]
