"""One live stream of the service: its frames are answered in a frame session, and everybody who follows hears of it."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tracker_service.api.live import messages
from tracker_service.api.live.subscribers import Subscribers
from tracker_service.api.service import Service
from tracker_service.errors import InferenceUnavailableError, PhalpTritonError, SessionsClosedError
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.types import UInt8

_TICKS = 30
"""Frame numbers a second: they count time since 1970, so that they rise through restarts of the service."""
_EPOCH = time.time() - time.monotonic()
_NUMBER_BYTES = 8
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArrivedFrame:
    """A frame that has come.

    Attributes:
        image: makes it, (H, W, 3) uint8 RGB.
        pixels: how many it has, at most.
        bytes: that it takes as it is.
        source_frame: its number as the source or the client counts.
        arrived: seconds of `time.monotonic`.
        captured: seconds since the Unix epoch.
        skipped: frames since the last one that are not computed.
    """

    image: Callable[[], Awaitable[UInt8]]
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
    """

    def __init__(self, service: Service, client: str, stream_id: str, token: str | None = None) -> None:
        self.id, self.client = stream_id, client
        self.token = token or secrets.token_urlsafe(24)
        self.subscribers = Subscribers()
        self.source: str | None = None
        self.computed = self.skipped = self.failed = 0
        self.used = time.monotonic()
        self._service = service
        self._session = f"{client if service.keys.required else ''}/live:{stream_id}"
        self._number = -1

    async def compute(self, frame: ArrivedFrame) -> None:
        """Answer a frame and tell everybody; a frame that cannot be answered is told of as well.

        Raises:
            SessionsClosedError: the service stops.
        """
        self.used = time.monotonic()
        self.skipped += frame.skipped
        try:
            answer = await self._answer(frame)
        except SessionsClosedError:
            raise
        except PhalpTritonError as error:
            self.failed += 1
            if isinstance(error, InferenceUnavailableError):
                self._service.readiness.away("the models cannot answer now")
            _logger.info("live stream %s: %s", self.id, error)
            self.subscribers.give(messages.problem(str(error), source_frame=frame.source_frame))
            return
        self.computed += 1
        latency = time.monotonic() - frame.arrived
        live = messages.LiveAnswer(answer, frame.captured, frame.source_frame, frame.skipped, latency, self.computed)
        await self._tell(live)

    async def _tell(self, live: messages.LiveAnswer) -> None:
        """Tell everybody of a result, in the form that each wants; a form that nobody wants is not made."""
        service, subscribers = self._service, self.subscribers
        if subscribers.want(packed=False):
            subscribers.give_result(await service.run_in_thread(messages.result, live), packed=False)
        if subscribers.want(packed=True):
            body = (await service.engine()).body
            packed = await service.run_in_thread(messages.packed_result, live, body)
            subscribers.give_result(packed, packed=True)

    async def _answer(self, frame: ArrivedFrame) -> FrameAnswer:
        service = self._service
        engine = await service.engine()
        async with service.frame_admission.admit(self.client, frame.bytes, service.waiting_seconds) as admitted:
            await admitted.take_pixels(frame.pixels)
            image = await frame.image()
            number = self._next_number(frame.arrived)
            size = (image.shape[1], image.shape[0])
            request = FrameRequest(self._session, number, size, number.to_bytes(_NUMBER_BYTES, "big"))
            with service.sessions_in_use.hold(self.client, self._session):
                answering = asyncio.ensure_future(engine.sessions.answer(request, image, admitted.leave))
                del image
                # Frames are left out on purpose: nobody may wait for them.
                await asyncio.sleep(0)
                engine.sessions.skip_missing({self._session})
                answer = await answering
        service.metrics.frame(answer)
        return replace(answer, result=replace(answer.result, timestamp=round(frame.captured, 6)))

    def _next_number(self, arrived: float) -> int:
        self._number = max(round((_EPOCH + arrived) * _TICKS), self._number + 1)
        return self._number
