"""The decoder processes of the service, and whose image is next."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tracker_service.api.http.fair_turns import FairTurns
from tracker_service.api.images.decoded_image import DecodedImage
from tracker_service.api.images.decoder.decoder import Decoder
from tracker_service.api.images.image_header import ImageHeader
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.tracing.spans import carried

Made = TypeVar("Made")


class DecoderPool:
    """Decodes images; belongs to one event loop.

    The clients take turns, and one client never has all processes: images that take long keep no other client waiting.

    Args:
        processes: images decoded at the same time, at least 2. Raising it takes some 30 MB each.
        most_pixels: of one image.
        times: gets the seconds of the stage ``decoding``.
    """

    def __init__(self, processes: int, most_pixels: int, times: StageTimes) -> None:
        self._times = times
        self._most_pixels = most_pixels
        self._turns = FairTurns(processes, share=processes - 1)
        self._idle: list[Decoder] = []
        self._threads = ThreadPoolExecutor(max_workers=processes, thread_name_prefix="decoder")

    def warm(self) -> None:
        """Start one process, so that the first image does not wait for it; may be called in any thread."""
        decoder = Decoder(self._most_pixels)
        decoder.start()
        self._idle.append(decoder)

    async def decode(self, client: str, data: bytes, header: ImageHeader, then: Callable[[DecodedImage], Made]) -> Made:
        """Decode an image in its turn; arguments and errors are those of `Decoder.decode`, which a thread calls."""
        async with self._turns.turn(client):
            decoder = self._usable()
            loop = asyncio.get_running_loop()
            decoding = loop.run_in_executor(self._threads, carried(self._decoded), decoder, data, header, then)
            await _finished(decoding, decoder)
            self._idle.append(decoder)
            return decoding.result()

    def _usable(self) -> Decoder:
        while self._idle:
            decoder = self._idle.pop()
            if decoder.usable:
                return decoder
            decoder.kill()
        return Decoder(self._most_pixels)

    def _decoded(
        self, decoder: Decoder, data: bytes, header: ImageHeader, then: Callable[[DecodedImage], Made]
    ) -> Made:
        with self._times.measure("decoding"):
            return decoder.decode(data, header, then)

    def close(self) -> None:
        """End the processes."""
        for decoder in self._idle:
            decoder.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _finished(decoding: "asyncio.Future[Made]", decoder: Decoder) -> None:
    """Wait until a decoding has ended, which it does at once where the wait is cancelled."""
    try:
        await asyncio.wait([decoding])
    except asyncio.CancelledError:
        decoding.add_done_callback(_forget)
        asyncio.get_running_loop().run_in_executor(None, decoder.kill)
        raise


def _forget(decoding: "asyncio.Future[Made]") -> None:
    """Take note of an error that nobody waits for any more."""
    if not decoding.cancelled():
        decoding.exception()
