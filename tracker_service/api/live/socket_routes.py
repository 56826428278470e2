"""``WS /live/{id}``: a browser's camera in, results out, over one socket.

A binary message is a frame: four bytes, its number as the client counts (unsigned, little-endian), then a JPEG or PNG
file. What the service sends are texts, and with ``results=packed`` binary results; see
`tracker_service.api.live.messages`.
"""

import asyncio
import re
import struct
import time
from contextlib import suppress
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.exceptions import HTTPException

from tracker_service.api.http.access_control import address
from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.images.image_header import ImageHeader
from tracker_service.api.live import messages
from tracker_service.api.live.live_stream import ArrivedFrame, LiveStream
from tracker_service.api.live.live_streams import LiveStreams
from tracker_service.api.live.schemas import STREAM_ID
from tracker_service.api.live.subscribers import Subscriber
from tracker_service.api.service import Service
from tracker_service.errors import ImageError, ImageFormatError, LiveError, LiveFullError, SessionsClosedError
from tracker_service.live.live_parameters import LiveParameters

router = APIRouter(prefix="/live", tags=["live"])

_HEAD = struct.Struct("<I")
_KEY_SECONDS = 10.0
_IDLE_SECONDS = 3600.0
_FORBIDDEN, _TRY_AGAIN, _POLICY = 4403, 1013, 1008
_ID = re.compile(STREAM_ID)


@router.websocket("/{stream_id}")
async def live_socket(
    socket: WebSocket,
    stream_id: str,
    resume: str | None = None,
    results: Literal["json", "packed"] = "json",
    record: bool = False,
) -> None:
    """Answer the frames of a socket until it closes, and keep the results where ``record`` says so."""
    service: Service = socket.app.state.service
    streams: LiveStreams = socket.app.state.live_streams
    if not _same_origin(socket, service) or not _ID.fullmatch(stream_id):
        await socket.close(_POLICY)
        return
    await socket.accept()
    client = await _client(socket, service)
    if client is None:
        await socket.close(_FORBIDDEN, "expected an API key")
        return
    socket.scope["state"]["client"] = client
    try:
        with service.client_limit.admit(client):
            stream = streams.join(client, stream_id, resume)
            if record:
                await streams.record(stream)
            await _serve(socket, service, streams, stream, packed=results == "packed")
    except HTTPException:
        await _close(socket, _TRY_AGAIN, "too many requests of one client")
    except LiveFullError as error:
        await _close(socket, _TRY_AGAIN, str(error))
    except (LiveError, SessionsClosedError) as error:
        await _close(socket, _FORBIDDEN if isinstance(error, LiveError) else _TRY_AGAIN, str(error))


async def _serve(
    socket: WebSocket, service: Service, streams: LiveStreams, stream: LiveStream, *, packed: bool
) -> None:
    streams.socket_opened(stream)
    newest = _NewestFrame(service.settings.live)
    try:
        with stream.subscribers.joined(packed=packed) as subscriber:
            await socket.send_text(messages.hello(stream.id, stream.token).decode())
            tasks = [
                asyncio.create_task(work)
                for work in (_receive(socket, newest), _compute(stream, newest, service), _send(socket, subscriber))
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    except WebSocketDisconnect:
        return
    finally:
        streams.socket_closed(stream)
    await _close(socket, _TRY_AGAIN, "the stream has ended")


class _NewestFrame:
    """The frame of a socket that is computed next: the newest, unless every one is wanted."""

    def __init__(self, parameters: LiveParameters) -> None:
        self._drops = parameters.drop == "oldest"
        self._frame: tuple[bytes, float] | None = None
        self._skipped = 0
        self._changed = asyncio.Condition()

    async def give(self, data: bytes) -> None:
        """Put the frame in place of the one that waits, or wait until that is taken."""
        async with self._changed:
            if not self._drops:
                await self._changed.wait_for(lambda: self._frame is None)
            self._skipped += self._frame is not None
            self._frame = data, time.monotonic()
            self._changed.notify_all()

    async def take(self) -> tuple[bytes, float, int]:
        """Wait for a frame; return it, when it came, and how many were skipped before it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._frame is not None)
            data, arrived = self._frame or (b"", 0.0)
            skipped, self._frame, self._skipped = self._skipped, None, 0
            self._changed.notify_all()
            return data, arrived, skipped


async def _receive(socket: WebSocket, newest: _NewestFrame) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if (data := message.get("bytes")) is not None:
            await newest.give(data)


async def _compute(stream: LiveStream, newest: _NewestFrame, service: Service) -> None:
    unanswered = 0
    while True:
        data, arrived, skipped = await newest.take()
        skipped += unanswered
        try:
            frame = _frame(service, stream.client, data, arrived, skipped)
        except ImageError as error:
            unanswered = skipped + 1
            stream.subscribers.give(messages.problem(str(error)))
            continue
        unanswered = 0
        await stream.compute(frame)


async def _send(socket: WebSocket, subscriber: Subscriber) -> None:
    async for message in subscriber.messages(_IDLE_SECONDS):
        if message is None:
            continue
        if message.packed:
            await socket.send_bytes(message.data)
        else:
            await socket.send_text(message.data.decode())


def _frame(service: Service, client: str, data: bytes, arrived: float, skipped: int) -> ArrivedFrame:
    if len(data) <= _HEAD.size:
        raise ImageFormatError(f"frame: expected four bytes of its number and an image, got {len(data)} bytes")
    (number,) = _HEAD.unpack_from(data)
    file = data[_HEAD.size :]
    header = ImageHeader.read(file, most_pixels=service.settings.limits.image_pixels)
    captured = time.time() - (time.monotonic() - arrived)
    image = partial(service.decoders.decode, client, file, header, _itself)
    return ArrivedFrame(image, header.pixels, len(data), number, arrived, captured, skipped)


def _itself(image: DecodedImage) -> DecodedImage:
    return image


async def _client(socket: WebSocket, service: Service) -> str | None:
    """Return whose socket it is; browsers, which send no headers of their own, say their key first."""
    if not service.keys.required:
        return address(socket.scope)
    if (name := service.keys.name(socket.headers)) is not None:
        return name
    with suppress(TimeoutError, WebSocketDisconnect, ValueError, KeyError, AttributeError):
        async with asyncio.timeout(_KEY_SECONDS):
            said = await socket.receive_json()
            return service.keys.name_of(str(said.get("api_key", "")))
    return None


def _same_origin(socket: WebSocket, service: Service) -> bool:
    """Return whether a browser's page may use the service: its own pages, and those that the settings allow."""
    origin = socket.headers.get("origin")
    if (
        origin is None
        or origin in service.settings.service.cors_origins
        or "*" in service.settings.service.cors_origins
    ):
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code, reason[:120])
