"""All live streams of the service."""

import asyncio
import hmac
import time
from collections import Counter
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from tracker_service.api.live.camera_feed import CameraFeed
from tracker_service.api.live.live_stream import SOCKET_RATE, LiveStream
from tracker_service.api.live.stream_recording import StreamRecording, recording_folder
from tracker_service.api.service import Service
from tracker_service.errors import LiveError, LiveForbiddenError, LiveFullError, LiveNotFoundError
from tracker_service.live.source_rules import SourceRules


class LiveStreams:
    """Knows the streams by client and id; belongs to the event loop.

    Args:
        service: answers frames; its stop ends the streams.

    Raises:
        SettingsError: the sources that clients may name are malformed.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._parameters = service.settings.live
        self._rules = SourceRules(self._parameters.sources)
        self._streams: dict[tuple[str, str], LiveStream] = {}
        self._feeds: dict[LiveStream, CameraFeed] = {}
        self._sockets: dict[LiveStream, int] = {}
        self._closing: set[asyncio.Future[None]] = set()
        service.stop_callbacks.append(self._stop)

    def of(self, client: str) -> list[LiveStream]:
        """Return the streams of a client, oldest first."""
        self._forget_old_ones()
        return [stream for (owner, _), stream in self._streams.items() if owner == client]

    def get(self, client: str, stream_id: str) -> LiveStream:
        """Return a stream; raises `LiveNotFoundError`."""
        self._forget_old_ones()
        stream = self._streams.get((client, stream_id))
        if stream is None:
            raise LiveNotFoundError(f"id: expected a live stream, got none of the name {stream_id}")
        return stream

    def state(self, stream: LiveStream) -> str:
        """Return ``running`` while frames can come, ``waiting`` for a socket that may go on, or ``ended``."""
        feed = self._feeds.get(stream)
        if feed is not None:
            return "running" if feed.running else "ended"
        return "running" if self._sockets.get(stream) else "waiting"

    def reconnections(self, stream: LiveStream) -> int:
        """Return how often the source of a stream was connected again."""
        feed = self._feeds.get(stream)
        return 0 if feed is None else feed.source.reconnections

    async def start(self, client: str, stream_id: str, source: str, *, record: bool = False) -> LiveStream:
        """Read a camera or stream for a client, and keep its results where ``record`` says so.

        Raises:
            LiveForbiddenError: the service may not read it, or records nothing.
            LiveError: the id is taken.
            LiveFullError: too many streams run.
            VideoError: nothing answers there.
        """
        address = self._rules.check(source)
        if record:
            recording_folder(self._service.settings, client, stream_id)
        stream = self._new(client, stream_id, None, address.shown)
        loop = asyncio.get_running_loop()
        try:
            parameters, pixels = self._parameters, self._service.settings.limits.video_pixels
            feed = await asyncio.to_thread(CameraFeed, stream, address, parameters, parameters, pixels, loop)
        except BaseException:
            self._streams.pop((client, stream_id), None)
            raise
        if self._streams.get((client, stream_id)) is not stream or self._service.stopping:
            feed.close()  # it was ended while its source was opened
            return stream
        self._feeds[stream] = feed
        if record:
            try:
                await self.record(stream)
            except BaseException:
                self._forget(stream)
                raise
        return stream

    async def record(self, stream: LiveStream) -> None:
        """Keep the results of a stream from now on, unless they are kept already.

        Raises:
            LiveForbiddenError: the service records nothing.
            SettingsError: an overlay is wanted, and nothing is to be drawn.
        """
        service, feed = self._service, self._feeds.get(stream)
        if stream.recording is not None:
            return
        engine = await service.engine()
        stream.recording = await service.run_in_thread(
            StreamRecording,
            service.settings,
            stream.client,
            stream.id,
            SOCKET_RATE if feed is None else feed.source.rate,
            f"live stream {stream.id}" if stream.source is None else stream.source,
            partial(self.reconnections, stream),
            engine.client,
            engine.body,
        )

    def join(self, client: str, stream_id: str, token: str | None) -> LiveStream:
        """Return the stream of a socket that sends frames: a new one, or with its token the one that broke.

        A token for a stream that is not known here becomes that of the new one: the service was started again.

        Raises:
            LiveForbiddenError: the id is taken, and the token is not its.
            LiveFullError: too many streams run.
        """
        self._forget_old_ones()
        stream = self._streams.get((client, stream_id))
        if stream is None:
            return self._new(client, stream_id, token)
        if token is None or not hmac.compare_digest(token.encode(), stream.token.encode()):
            raise LiveForbiddenError(f"id: expected a free one, or the token that resumes it, got {stream_id}")
        return stream

    def socket_opened(self, stream: LiveStream) -> None:
        """Count a socket that sends frames to a stream."""
        self._sockets[stream] = self._sockets.get(stream, 0) + 1

    def socket_closed(self, stream: LiveStream) -> None:
        """Count it no longer; the stream waits for another one."""
        stream.used = time.monotonic()
        self._sockets[stream] -= 1
        if not self._sockets[stream]:
            del self._sockets[stream]

    async def end(self, client: str, stream_id: str) -> None:
        """End a stream and forget it; raises `LiveNotFoundError`."""
        stream = self.get(client, stream_id)
        self._forget(stream)

    def _new(self, client: str, stream_id: str, token: str | None, source: str | None = None) -> LiveStream:
        self._forget_old_ones()
        if (client, stream_id) in self._streams:
            raise LiveError(f"id: expected a free one, got {stream_id}, which is taken")
        self._make_room(client)
        stream = LiveStream(self._service, client, stream_id, token)
        stream.source = source
        self._streams[client, stream_id] = stream
        return stream

    def _forget_old_ones(self) -> None:
        oldest = time.monotonic() - self._service.settings.sessions.expiry_seconds
        for stream in self._idle():
            if stream.used < oldest:
                self._forget(stream)

    def _make_room(self, client: str) -> None:
        """Make room for one more stream of ``client``; nobody loses one to a client that has as many.

        Of those of the clients with most, the one that has been idle for longest is forgotten; its people are kept as
        long as any session's. Where none is idle, the newest one of a client that has more than its share is ended.
        """
        if len(self._streams) < self._parameters.most_streams:
            return
        counts = Counter((client, *(stream.client for stream in self._streams.values())))
        idle = [stream for stream in self._idle() if counts[stream.client] >= counts[client]]
        newest_first = list(self._streams.values())[::-1]
        running = [stream for stream in newest_first if counts[stream.client] > counts[client]]
        if not (idle or running):
            raise LiveFullError(f"expected fewer than {self._parameters.most_streams} live streams; try again")
        most = max(counts[stream.client] for stream in idle or running)
        yielding = [stream for stream in idle or running if counts[stream.client] == most]
        self._forget(min(yielding, key=lambda stream: stream.used) if idle else yielding[0])

    def _idle(self) -> list[LiveStream]:
        """Return the streams to which no frames can come at the moment."""
        starting = [stream for stream in self._streams.values() if stream.source and stream not in self._feeds]
        return [
            stream for stream in self._streams.values() if self.state(stream) != "running" and stream not in starting
        ]

    def _forget(self, stream: LiveStream) -> None:
        self._streams.pop((stream.client, stream.id), None)
        feed = self._feeds.pop(stream, None)
        if feed is not None:
            feed.close()
        stream.subscribers.end()
        if stream.recording is not None:
            closing = asyncio.ensure_future(stream.end_recording())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _stop(self, _: float) -> None:
        for stream in list(self._streams.values()):
            self._forget(stream)
        await asyncio.gather(*self._closing)


async def _of_request(request: Request) -> LiveStreams:
    streams: LiveStreams = request.app.state.live_streams
    return streams


LiveStreamsOf = Annotated[LiveStreams, Depends(_of_request)]
"""The parameter type by which a route gets the live streams."""
