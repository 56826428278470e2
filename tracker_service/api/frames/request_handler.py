"""How one frame request is answered: its body read, its image decoded, its people tracked, the answer encoded."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import Request, Response

from tracker_service.api.frames.answer import record_bytes
from tracker_service.api.frames.request_body import FrameBody, FrameFields, RawBody
from tracker_service.api.frames.visualization import overlay_jpeg
from tracker_service.api.http.errors import http_error
from tracker_service.api.http.frame_admission import AdmittedFrame
from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.images.image_header import ImageHeader
from tracker_service.api.service import Engine, Service
from tracker_service.errors import (
    InferenceOverloadedError,
    InferenceUnavailableError,
    ModelResultsError,
    SessionError,
    SessionsFullError,
)
from tracker_service.results.person_json import Record
from tracker_service.sessions.content.thumbnail import thumbnail
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.types import UInt8
from tracker_service.types.calibration import FocalLength

VISUALIZATION = "visualization"
"""The field of the drawn frame."""
_FEW_PEOPLE = 4
"""People up to which an answer is encoded in the event loop. Raising it saves a thread switch, about 0.2 ms, and blocks
other requests for 0.15 ms a person."""
RecordOf = Callable[[FrameAnswer, Engine, float], Record]


@dataclass(slots=True)
class _DecodedFrame:
    """A parsed body whose image is decoded.

    Attributes:
        body: the parsed body.
        digest: hash of the image file.
        size: width and height in pixels.
        image: until its people are known.
        thumbnail: what the image looks like; None where the client names the session.
        focal: of its camera, None where the image file does not say it.
    """

    body: FrameBody
    digest: bytes
    size: tuple[int, int]
    image: UInt8 | None
    thumbnail: UInt8 | None
    focal: FocalLength | None

    @property
    def pixels(self) -> UInt8:
        """The image; to be asked for only until its people are known."""
        if self.image is None:
            raise SessionError("expected an image whose people are not known yet")
        return self.image


def _decoded_frame(body: FrameBody, decoded: DecodedImage) -> _DecodedFrame:
    image = decoded.pixels
    # Only a frame that is drawn on is needed again, and then its file takes less memory than its pixels.
    kept = body if body.fields.visualize else replace(body, image=b"")
    look = thumbnail(image) if body.fields.session_id is None else None
    return _DecodedFrame(kept, body.digest, (image.shape[1], image.shape[0]), image, look, decoded.focal)


class FrameRequestHandler:
    """Answers one frame request.

    Args:
        service: answers it.
        request: the request.
        record: makes the fields of the answer.
        mesh: whether they include a mesh, which takes milliseconds.
    """

    def __init__(self, service: Service, request: Request, record: RecordOf, *, mesh: bool) -> None:
        self._service = service
        self._request = request
        self._record = record
        self._mesh = mesh
        self._started = time.perf_counter()
        self._reading = False

    async def answer(self, query: FrameFields) -> Response:
        """Answer the request.

        Args:
            query: what stood in the query and the headers.

        Raises:
            HTTPException, PhalpTritonError: see `tracker_service.api.http.errors.TABLE`.
        """
        try:
            return await self._answer(query)
        except SessionsFullError:
            self._service.skip_missing_frames()
            raise

    async def _answer(self, query: FrameFields) -> Response:
        service, client = self._service, self._request.state.client
        async with self._deadline():
            admission = service.frame_admission.admit(client, self._body_bytes(), service.waiting_seconds)
            async with admission as admitted:
                engine, answer, frame = await self._answered(admitted, query)
                service.metrics.frame(answer)
                self._request.state.log.update(_log_fields(answer))
                if frame.body.fields.visualize:
                    encoded = await self._encode_drawn(answer, engine, frame)
                elif self._is_small(answer):
                    encoded = self._encode(answer, engine, frame)
                else:
                    encoded = await service.run_in_thread(self._encode, answer, engine, frame)
        service.frame_seconds.add(time.perf_counter() - self._started)
        return Response(encoded, media_type="application/json")

    async def _answered(self, admitted: AdmittedFrame, query: FrameFields) -> tuple[Engine, FrameAnswer, _DecodedFrame]:
        self._reading = True
        raw = await RawBody.read(self._request, query)
        self._reading = False
        frame = await self._decoded(raw, admitted)
        del raw
        client, request = self._request.state.client, self._frame_request(frame)
        self._request.state.log.update(session=request.session, frame=request.frame_number)
        with self._service.sessions_in_use.hold(client, request.session):
            return *await self._track(request, frame, admitted), frame

    async def _decoded(self, raw: RawBody, admitted: AdmittedFrame) -> _DecodedFrame:
        service = self._service
        body, header = await service.run_in_thread(self._parse, raw)
        await admitted.take_pixels(header.pixels)
        client = self._request.state.client
        return await service.decoders.decode(client, body.image, header, partial(_decoded_frame, body))

    def _parse(self, raw: RawBody) -> tuple[FrameBody, ImageHeader]:
        with self._service.times.measure("parsing"):
            body = raw.parse()
            return body, self._header(body.image)

    def _header(self, image: bytes) -> ImageHeader:
        return ImageHeader.read(image, most_pixels=self._service.settings.limits.image_pixels)

    async def _track(
        self, request: FrameRequest, frame: _DecodedFrame, admitted: AdmittedFrame
    ) -> tuple[Engine, FrameAnswer]:
        """Wait for the answer; where the models go away meanwhile, until they are back."""

        def observed() -> None:
            frame.image = None
            admitted.leave()

        while True:
            engine = await self._service.engine()
            try:
                return engine, await engine.sessions.answer(request, frame.pixels, observed)
            except InferenceOverloadedError:
                raise
            except ModelResultsError as error:
                self._service.readiness.away(str(error))
                raise
            except InferenceUnavailableError:
                self._service.readiness.away("the models cannot answer now")
                if frame.image is None or self._service.stopping:
                    raise

    def _is_small(self, answer: FrameAnswer) -> bool:
        """Whether encoding takes half a millisecond or less, which is not worth a thread."""
        return not self._mesh and len(answer.result.persons) <= _FEW_PEOPLE

    async def _encode_drawn(self, answer: FrameAnswer, engine: Engine, frame: _DecodedFrame) -> bytes:
        """Decode the image once more: its file took less memory than its pixels meanwhile."""

        def drawn(image: DecodedImage) -> bytes:
            with self._service.times.measure("drawing"):
                visual = {VISUALIZATION: overlay_jpeg(image.pixels, answer.result, engine.body)}
            return self._encode(answer, engine, frame, visual)

        image, client = frame.body.image, self._request.state.client
        return await self._service.decoders.decode(client, image, self._header(image), drawn)

    def _encode(self, answer: FrameAnswer, engine: Engine, frame: _DecodedFrame, visual: Record | None = None) -> bytes:
        with self._service.times.measure("encoding"):
            milliseconds = round((time.perf_counter() - self._started) * 1000, 3)
            named = replace(answer, session=frame.body.fields.session_id or self._request.state.client)
            return record_bytes({**self._record(named, engine, milliseconds), **(visual or {})})

    def _frame_request(self, frame: _DecodedFrame) -> FrameRequest:
        number = frame.body.fields.frame_number
        session, client = self._session(frame.body), self._request.state.client
        return FrameRequest(session, number, frame.size, frame.digest, frame.thumbnail, client, frame.focal)

    def _session(self, body: FrameBody) -> str:
        """Return the session's key: sessions of different API keys never collide, nor do an id and an address."""
        client, given = self._request.state.client, body.fields.session_id
        if given is None:
            return str(client)
        return f"{client}/{given}" if self._service.keys.required else f"/{given}"

    def _body_bytes(self) -> int:
        declared = self._request.headers.get("content-length", "")
        return int(declared) if declared.isdecimal() else self._service.settings.limits.body_bytes

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        seconds = self._service.settings.limits.request_seconds
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            status, what = 503, "there was no answer"
            if self._reading:
                status, what = 408, "the body did not arrive"
            elif not self._service.readiness.state.ready:
                what = "the models did not answer"
            raise http_error(status, f"{what} within {seconds:g} seconds", retry_after=1) from error


def _log_fields(answer: FrameAnswer) -> dict[str, Any]:
    main = answer.main
    return {
        "video": answer.video,
        "detected": answer.detected,
        "persons": len(answer.result.persons),
        "late": answer.late,
        "tracking_confidence": None if main is None else main.tracking_confidence,
        "error": "nobody" if main is None else None,
    }
