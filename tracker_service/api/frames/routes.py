"""``POST /pose/hybrid`` and ``POST /pose``: one frame in, one answer out."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from tracker_service.api.frames.answer import (
    HYBRID_FIELDS,
    KEYPOINT_FIELDS,
    checked_fields,
    hybrid_record,
    keypoints_record,
)
from tracker_service.api.frames.request_body import FrameFields, SessionId
from tracker_service.api.frames.request_handler import VISUALIZATION, FrameRequestHandler
from tracker_service.api.frames.schemas import FRAME_BODY, HYBRID_RESPONSES, KEYPOINT_RESPONSES
from tracker_service.api.http.errors import http_error
from tracker_service.api.service import Engine, ServiceOf
from tracker_service.errors import SettingsError
from tracker_service.results.person_json import Record
from tracker_service.sessions.frame import FrameAnswer

router = APIRouter(tags=["frames"])

SessionHeader = Annotated[SessionId | None, Header(alias="X-Session-Id")]


class PoseQuery(FrameFields):
    """The query of ``POST /pose``."""

    fields: str | None = Field(
        default=None, description="the wanted top-level fields, separated by commas; default all"
    )


class HybridQuery(PoseQuery):
    """The query of ``POST /pose/hybrid``."""

    mesh: bool = Field(default=True, description="false leaves out the mesh, nine tenths of the answer")


@router.post(
    "/pose/hybrid",
    operation_id="pose_hybrid",
    summary="The 3D pose of one frame",
    responses=HYBRID_RESPONSES,
    openapi_extra=FRAME_BODY,
)
async def pose_hybrid(
    request: Request, service: ServiceOf, query: Annotated[HybridQuery, Query()], session: SessionHeader = None
) -> Response:
    """Answer with everything about the main person, and all people under `persons`.

    Frames of one video may come in any order and at the same time; send each with its `frame_number`. A frame in which
    nobody is found is answered with the predicted pose.
    """
    wanted = _selected(query.fields, (*HYBRID_FIELDS, VISUALIZATION))

    def record(answer: FrameAnswer, engine: Engine, milliseconds: float) -> Record:
        return hybrid_record(
            answer,
            engine.body,
            model_version=service.models.model_version,
            processing_time_ms=milliseconds,
            mesh=query.mesh,
            keypoint_set=service.settings.api.keypoints,
            fields=wanted,
        )

    return await FrameRequestHandler(service, request, record, mesh=query.mesh).answer(_in_session(query, session))


@router.post(
    "/pose",
    operation_id="pose",
    summary="The 2D keypoints of one frame",
    responses=KEYPOINT_RESPONSES,
    openapi_extra=FRAME_BODY,
)
async def pose(
    request: Request, service: ServiceOf, query: Annotated[PoseQuery, Query()], session: SessionHeader = None
) -> Response:
    """Answer with the main person's keypoints only; otherwise as `/pose/hybrid`, in the same session."""
    wanted = _selected(query.fields, (*KEYPOINT_FIELDS, VISUALIZATION))

    def record(answer: FrameAnswer, engine: Engine, milliseconds: float) -> Record:
        return keypoints_record(
            answer,
            engine.body,
            model_version=service.models.model_version,
            processing_time_ms=milliseconds,
            keypoint_set=service.settings.api.keypoints,
            fields=wanted,
        )

    return await FrameRequestHandler(service, request, record, mesh=False).answer(_in_session(query, session))


def _in_session(query: PoseQuery, session: str | None) -> FrameFields:
    if session is None or query.session_id is not None:
        return query
    return query.model_copy(update={"session_id": session})


def _selected(fields: str | None, known: tuple[str, ...]) -> frozenset[str] | None:
    if fields is None:
        return None
    try:
        names = checked_fields([name.strip() for name in fields.split(",") if name.strip()], known)
    except SettingsError as error:
        raise http_error(422, str(error)) from error
    return names - {VISUALIZATION}
