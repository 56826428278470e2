"""A camera or stream that the service reads for a client: its newest frames go into a live stream."""

import asyncio
import logging
from concurrent.futures import CancelledError
from functools import partial
from threading import Thread

from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.live import messages
from tracker_service.api.live.live_stream import ArrivedFrame, LiveStream
from tracker_service.errors import PhalpTritonError
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.live.waiting_frames import Taken, WaitingFrames
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.live_source import LiveEvent, LiveFrame, LiveSource
from tracker_service.video.live.separate_connection import SeparateConnection
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.pixels.rgb import RgbConverter

_logger = logging.getLogger(__name__)


class CameraFeed:
    """Reads a source in one thread and has its frames computed from another, until it is closed.

    Args:
        stream: where the frames go.
        address: of the source.
        parameters: which frames are computed.
        reading: how the source is read.
        most_pixels: of one frame; a source of larger ones is not read.
        loop: where the stream belongs.

    Raises:
        VideoError: the source cannot be opened. To be built in a thread, as that may take seconds.
    """

    def __init__(
        self,
        stream: LiveStream,
        address: LiveAddress,
        parameters: LiveParameters,
        reading: LiveSourceParameters,
        most_pixels: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._stream, self._loop = stream, loop
        self._waiting: WaitingFrames[LiveFrame] = WaitingFrames(parameters)
        self._converter: RgbConverter | None = None
        connect = partial(SeparateConnection, most_pixels=most_pixels)
        self._source = LiveSource(address, reading, self._tell, connect=connect)
        self._threads = [
            Thread(target=target, name=name, daemon=True)
            for target, name in ((self._read, "live-source"), (self._compute, "live-frames"))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def source(self) -> LiveSource:
        """What is read."""
        return self._source

    @property
    def running(self) -> bool:
        """Whether frames still come."""
        return self._threads[1].is_alive()

    def close(self) -> None:
        """End it; the threads end by themselves, the one that reads when its source says something or is silent."""
        self._source.close()
        self._waiting.end(discard=True)

    def _read(self) -> None:
        self._waiting.give_all(self._source.frames())

    def _compute(self) -> None:
        try:
            while (taken := self._waiting.take()) is not None:
                computing = self._stream.compute(self._arrived(taken))
                asyncio.run_coroutine_threadsafe(computing, self._loop).result()
        except (PhalpTritonError, CancelledError, RuntimeError) as error:
            _logger.warning("live stream %s ended: %s", self._stream.id, error)
        finally:
            self.close()
            self._in_loop(self._stream.subscribers.end)

    def _arrived(self, taken: Taken[LiveFrame]) -> ArrivedFrame:
        frame = taken.item
        picture = frame.picture
        self._converter = converter = self._converter or RgbConverter(picture)

        async def image() -> DecodedImage:
            return DecodedImage(await asyncio.to_thread(converter.picture(picture).pixels))

        pixels = converter.width * converter.height
        return ArrivedFrame(image, pixels, 3 * pixels, frame.number, frame.arrived, frame.captured, taken.skipped)

    def _tell(self, event: LiveEvent) -> None:
        _logger.info("live stream %s: %s", self._stream.id, event.message)
        self._in_loop(self._stream.subscribers.give, messages.event(event.kind, event.message, event.at))

    def _in_loop(self, function: object, *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
        except RuntimeError:  # the loop has ended with the service
            return
