"""One live stream of the service: its frames are answered in a frame session, and everybody who follows hears of it."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tracker_service.api.http.errors import status_of
from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.live import messages
from tracker_service.api.live.stream_recording import StreamRecording
from tracker_service.api.live.subscribers import Subscribers
from tracker_service.api.service import Service
from tracker_service.errors import InferenceUnavailableError, PhalpTritonError, SessionsClosedError
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.types import ArrayPicture, UInt8

SOCKET_RATE = 30
"""Frames a second that a stream of a socket is said to have. Frame numbers count time since 1970 at this rate, so that
they rise through restarts of the service."""
_EPOCH = time.time() - time.monotonic()
_NUMBER_BYTES = 8
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArrivedFrame:
    """A frame that has come.

    Attributes:
        image: decodes it.
        pixels: how many it has, at most.
        bytes: that it takes as it is.
        source_frame: its number as the source or the client counts.
        arrived: seconds of `time.monotonic`.
        captured: seconds since the Unix epoch.
        skipped: frames since the last one that are not computed.
    """

    image: Callable[[], Awaitable[DecodedImage]]
    pixels: int
    bytes: int
    source_frame: int
    arrived: float
    captured: float
    skipped: int


class LiveStream:
    """A stream's frames, results and readers; belongs to the event loop.

    Args:
        service: answers frames.
        client: whose stream it is.
        stream_id: its name among those of the client.
        token: with which a broken socket goes on.

    Attributes:
        computed, skipped, failed: frames.
        source: what the service reads for it, as it may be shown; None where a socket sends the frames.
        recording: keeps its results, None does not.
    """

    def __init__(self, service: Service, client: str, stream_id: str, token: str | None = None) -> None:
        self.id, self.client = stream_id, client
        self.token = token or secrets.token_urlsafe(24)
        self.subscribers = Subscribers()
        self.source: str | None = None
        self.recording: StreamRecording | None = None
        self.computed = self.skipped = self.failed = 0
        self.used = time.monotonic()
        self._service = service
        self._session = f"{client if service.keys.required else ''}/live:{stream_id}"
        self._number = -1
        self._keeping: asyncio.Future[None] | None = None

    async def compute(self, frame: ArrivedFrame) -> None:
        """Answer a frame and tell everybody; a frame that cannot be answered is told of as well.

        Raises:
            SessionsClosedError: the service stops.
        """
        self.used = time.monotonic()
        self.skipped += frame.skipped
        try:
            answer, image = await self._answer(frame)
        except SessionsClosedError:
            raise
        except PhalpTritonError as error:
            self.failed += 1
            if isinstance(error, InferenceUnavailableError):
                self._service.readiness.away("the models cannot answer now")
            _logger.info("live stream %s: %s", self.id, error)
            self.subscribers.give(
                messages.problem(status_of(error).message or str(error), source_frame=frame.source_frame)
            )
            return
        self.computed += 1
        latency = time.monotonic() - frame.arrived
        live = messages.LiveAnswer(answer, frame.captured, frame.source_frame, frame.skipped, latency, self.computed)
        try:
            await self._tell(live)
        finally:
            # Also of a frame after which the socket breaks or is closed: who was told of it expects it to be kept.
            self._keeping = asyncio.ensure_future(self._record(live, image, after=self._keeping))
        await asyncio.shield(self._keeping)

    async def end_recording(self) -> None:
        """Complete what is recorded, once what was computed is in it."""
        if self._keeping is not None:
            await self._keeping
        if self.recording is not None:
            await self._service.run_in_thread(self.recording.close)

    async def _tell(self, live: messages.LiveAnswer) -> None:
        """Tell everybody of a result, in the form that each wants; a form that nobody wants is not made."""
        service, subscribers = self._service, self.subscribers
        if subscribers.want(packed=False):
            subscribers.give_result(await service.run_in_thread(messages.result, live), packed=False)
        if subscribers.want(packed=True):
            body = (await service.engine()).body
            packed = await service.run_in_thread(messages.packed_result, live, body)
            subscribers.give_result(packed, packed=True)

    async def _record(
        self, live: messages.LiveAnswer, image: UInt8 | None, *, after: asyncio.Future[None] | None
    ) -> None:
        """Keep a result once the one before is kept; where the disk takes no more the recording ends alone."""
        if after is not None:
            await after
        if self.recording is None:
            return
        picture = None if image is None else ArrayPicture(image)
        result = live.answer.result
        frame = LiveFrameResult(result, live.source_frame, live.skipped, live.captured, live.latency, picture)
        try:
            await self._service.run_in_thread(self.recording.write, frame)
        except PhalpTritonError as error:
            _logger.warning("live stream %s: its recording ended: %s", self.id, error)
            self.recording = None
            self.subscribers.give(messages.event("recording_ended", "the recording ended: see the log", time.time()))

    async def _answer(self, frame: ArrivedFrame) -> tuple[FrameAnswer, UInt8 | None]:
        """Return the answer, and the image where the recording draws into it."""
        service = self._service
        engine = await service.engine()
        async with service.frame_admission.admit(self.client, frame.bytes, service.waiting_seconds) as admitted:
            await admitted.take_pixels(frame.pixels)
            decoded = await frame.image()
            image, focal = decoded.pixels, decoded.focal
            del decoded
            number = self._next_number(frame.arrived)
            size = (image.shape[1], image.shape[0])
            request = FrameRequest(self._session, number, size, number.to_bytes(_NUMBER_BYTES, "big"), focal=focal)
            with service.sessions_in_use.hold(self.client, self._session):
                answering = asyncio.ensure_future(engine.sessions.answer(request, image, admitted.leave))
                kept = image if self.recording is not None and self.recording.wants_pictures else None
                del image
                # Frames are left out on purpose: nobody may wait for them.
                await asyncio.sleep(0)
                engine.sessions.skip_missing({self._session})
                answer = await answering
        service.metrics.frame(answer)
        return replace(answer, result=replace(answer.result, timestamp=round(frame.captured, 6))), kept

    def _next_number(self, arrived: float) -> int:
        self._number = max(round((_EPOCH + arrived) * SOCKET_RATE), self._number + 1)
        return self._number
