"""``/live``: start a stream from a camera, follow it, end it; the socket is in `socket_routes`."""

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from tracker_service.api.http.access_control import wants_page
from tracker_service.api.http.file_response import RangeFileResponse
from tracker_service.api.http.streaming import StreamedAnswer
from tracker_service.api.live.live_stream import LiveStream
from tracker_service.api.live.live_streams import LiveStreams, LiveStreamsOf
from tracker_service.api.live.schemas import (
    EVENTS_RESPONSES,
    LIST_RESPONSES,
    PARTS_RESPONSES,
    STARTED_RESPONSES,
    STREAM_ID,
    STREAM_RESPONSES,
    LiveList,
    LiveParts,
    LiveRequest,
    LiveView,
)
from tracker_service.api.live.stream_recording import (
    MEDIA_TYPES,
    recorded_file,
    recorded_parts,
    recording_folder,
)
from tracker_service.api.service import ServiceOf
from tracker_service.api.viewer.answers import binary_answer, page_answer
from tracker_service.viewer.body_bytes import body_bytes
from tracker_service.viewer.html import live_page

router = APIRouter(prefix="/live", tags=["live"])

_IDLE_SECONDS = 4.0
StreamId = Annotated[str, Path(pattern=STREAM_ID, description="name of the stream")]


@router.post("", operation_id="live_start", summary="Follow a camera", status_code=201, responses=STARTED_RESPONSES)
async def live_start(request: Request, body: LiveRequest, streams: LiveStreamsOf) -> LiveView:
    """Let the service read a camera or stream, whose protocol and host its setting `live.sources` must name.

    The answer comes once the camera does. Results are at `/live/{id}/events`; `DELETE /live/{id}` ends it. With
    `record` they are kept as well, see `/live/{id}/parts`.
    """
    return _view(streams, await streams.start(request.state.client, body.id, body.source, record=body.record))


@router.get("", operation_id="live_list", summary="Its live streams", response_model=LiveList, responses=LIST_RESPONSES)
async def live_list(request: Request, streams: LiveStreamsOf) -> Any:
    """Answer with the live streams of the client; a browser that opens this address gets a page for its camera."""
    if wants_page(request.scope):
        return page_answer(await to_thread.run_sync(live_page, "live", "live/"))
    return LiveList(streams=[_view(streams, stream) for stream in streams.of(request.state.client)])


@router.get("/{stream_id}", operation_id="live_stream", summary="A live stream", responses=STREAM_RESPONSES)
async def live_stream(stream_id: StreamId, request: Request, streams: LiveStreamsOf) -> LiveView:
    """Answer with what became of the frames of a live stream."""
    return _view(streams, streams.get(request.state.client, stream_id))


@router.delete("/{stream_id}", operation_id="live_end", summary="End it", status_code=204, responses=STREAM_RESPONSES)
async def live_end(stream_id: StreamId, request: Request, streams: LiveStreamsOf) -> Response:
    """End a live stream and forget it."""
    await streams.end(request.state.client, stream_id)
    return Response(status_code=204)


@router.get("/{stream_id}/body", include_in_schema=False)
async def live_body(stream_id: StreamId, service: ServiceOf) -> Response:  # noqa: ARG001
    """Answer with the body that the page of a stream draws."""
    engine = await service.engine()
    return binary_answer(await to_thread.run_sync(body_bytes, engine.body))


@router.get(
    "/{stream_id}/events",
    operation_id="live_events",
    summary="Its results as they come",
    response_class=Response,
    responses=EVENTS_RESPONSES,
)
async def live_events(stream_id: StreamId, request: Request, streams: LiveStreamsOf) -> Response:
    """Answer with the results from now on as server-sent events; a slow reader gets fewer of them.

    The data of each event is what the socket sends: a `result` with the frame's `persons` and `live`, a `problem` of
    one frame, or an `event` of the source.
    """
    stream = streams.get(request.state.client, stream_id)
    return StreamedAnswer(_events(stream), media_type="text/event-stream")


@router.get(
    "/{stream_id}/parts", operation_id="live_parts", summary="What was recorded of it", responses=PARTS_RESPONSES
)
async def live_parts(stream_id: StreamId, request: Request, service: ServiceOf) -> LiveParts:
    """Answer with the complete parts of a recording, also after the stream was ended.

    A part is complete after `live.record_seconds`, and at the end of the stream. The oldest parts of all recordings
    are removed where they take more room than `live.record_bytes`.
    """
    folder = recording_folder(service.settings, request.state.client, stream_id)
    parts = await service.run_in_thread(recorded_parts, folder)
    return LiveParts.model_validate({"parts": [asdict(part) for part in parts]})


@router.get(
    "/{stream_id}/parts/{part}/{name}",
    operation_id="live_part_file",
    summary="A file of a part",
    response_class=FileResponse,
    responses={200: {"description": "The file; a range of it with the header Range"}, **PARTS_RESPONSES},
)
async def live_part_file(stream_id: StreamId, part: str, name: str, request: Request, service: ServiceOf) -> Response:
    """Answer with a result file of a part, as a job's: `results.ndjson`, `tracks.pkl`, `summary.json` and so on."""
    folder = recording_folder(service.settings, request.state.client, stream_id)
    file = await service.run_in_thread(recorded_file, folder, part, name)
    return RangeFileResponse(file, media_type=MEDIA_TYPES[name], filename=f"{stream_id}-{part}-{name}")


async def _events(stream: LiveStream) -> AsyncGenerator[bytes, None]:
    with stream.subscribers.joined() as subscriber:
        yield KEEPALIVE_COMMENT  # so that the head is sent before the first result
        async for message in subscriber.messages(_IDLE_SECONDS):
            yield KEEPALIVE_COMMENT if message is None else format_sse_event(data_str=message.data.decode())


def _view(streams: LiveStreams, stream: LiveStream) -> LiveView:
    return LiveView.model_validate(
        {
            "id": stream.id,
            "state": streams.state(stream),
            "source": stream.source,
            "frames_computed": stream.computed,
            "frames_skipped": stream.skipped,
            "frames_failed": stream.failed,
            "reconnections": streams.reconnections(stream),
            "readers": len(stream.subscribers),
            "recording": stream.recording is not None,
        }
    )
