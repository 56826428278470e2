"""The videos of one session id: which of them a frame belongs to, and when a new one begins.

The older clients say neither which video a frame belongs to nor when a video begins; they only count from 0 again.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeAlias

from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.sessions.video_stream import VideoStream

NewStream: TypeAlias = Callable[[int, tuple[int, int]], VideoStream]

_FRAMES_IN_FLIGHT = 8
"""Frames that a client has in flight at most. Raising it accepts later frames of a finished video."""


class Session:
    """Keeps the running video of a session id, and the one before while its last frames come in.

    A new video begins when

    * a frame number comes again with other content, or was answered so long ago that the answer is no longer kept; or
    * frame 0 comes after later frames were answered, unless those came backwards, so that 0 is simply the last.

    A frame that repeats one of the video before, or that continues it while it is still active and is far from the
    running one, belongs to the one before: the workers of a client may be at the end of one video and the start of the
    next.

    Attributes:
        last_used: when the last request came or was answered, seconds of the loop's clock.

    Args:
        new_stream: makes the stream of the n-th video, n from 1, whose frames have the given width and height.
        gap_seconds: how long after its last frame a video counts as active.
    """

    def __init__(self, new_stream: NewStream, gap_seconds: float) -> None:
        self._new_stream = new_stream
        self._gap_seconds = gap_seconds
        self._begun = 0
        self._streams: list[VideoStream] = []
        self.last_used = 0.0

    @property
    def streams(self) -> list[VideoStream]:
        """The videos in memory, the running one last."""
        return self._streams

    @property
    def waiting(self) -> int:
        """Frames accepted and not yet answered."""
        return sum(stream.waiting for stream in self._streams)

    @property
    def tracks_live(self) -> int:
        """Living tracks of the running video."""
        return self._streams[-1].tracks_live if self._streams else 0

    async def answer(
        self, request: FrameRequest, observing: asyncio.Future[FrameObservation], now: float
    ) -> FrameAnswer:
        """Return the answer to a frame whose people are looked for already."""
        stream = self._stream_for(request, now)
        return await stream.answer(stream.accept(request, observing))

    def settle(self) -> None:
        """Wait no longer to know the video of a frame, which is always known here."""

    def _stream_for(self, request: FrameRequest, now: float) -> VideoStream:
        """Return the video that a frame belongs to; it may be a new one."""
        repeated = next((stream for stream in reversed(self._streams) if stream.is_repeated(request)), None)
        if repeated is not None:
            return repeated
        running = self._streams[-1] if self._streams else None
        if running is None or self._begins_video(running, request.frame_number):
            return self._begin(request)
        older = [stream for stream in self._streams[:-1] if self._continues(stream, running, request, now)]
        return older[-1] if older else running

    def _begins_video(self, running: VideoStream, number: int) -> bool:
        if running.knows(number):
            return True
        return number == 0 and running.order.last is not None and not running.plays_backwards()

    def _continues(self, older: VideoStream, running: VideoStream, request: FrameRequest, now: float) -> bool:
        number, end, newest = request.frame_number, older.order.highest, running.order.highest
        if end is None or newest is None or older.knows(number) or now > older.order.last_activity + self._gap_seconds:
            return False
        return abs(number - end) <= _FRAMES_IN_FLIGHT < number - newest

    def restore(self, streams: Mapping[int, VideoStream]) -> None:
        """Go on with the videos of an earlier session of the same id, by their numbers."""
        self._streams = [streams[number] for number in sorted(streams)[-2:]]
        self._begun = max(streams)

    def _begin(self, request: FrameRequest) -> VideoStream:
        # The one before stays for its last frames, and any other only until what it has accepted is answered.
        self._streams = [stream for stream in self._streams[:-1] if stream.waiting] + self._streams[-1:]
        self._begun += 1
        self._streams.append(self._new_stream(self._begun, request.size))
        return self._streams[-1]
