"""The videos of one client that names none: several at a time, told apart by their content."""

import asyncio
from collections.abc import Callable

from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.batching import FrameBatcher
from tracker_service.sessions.content.assignment import FrameAssignment, UnplacedFrame
from tracker_service.sessions.content.live_video import LiveVideo
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.video_stream import AcceptedFrame, VideoStream

_MOST_VIDEOS = 16
"""Videos of one client that are kept; of more the one that was idle for longest goes. Raising it takes memory."""


class UnnamedVideos:
    """Answers the frames of one client; belongs to one event loop.

    Attributes:
        last_used: when the last request came or was answered, seconds of the loop's clock.

    Args:
        new_stream: makes the stream of the n-th video, n from 1, whose frames have the given width and height.
        batcher: looks for the people of the frames.
        parameters: history and expiry.
    """

    def __init__(
        self,
        new_stream: Callable[[int, tuple[int, int]], VideoStream],
        batcher: FrameBatcher,
        parameters: SessionParameters,
    ) -> None:
        self._new_stream = new_stream
        self._batcher = batcher
        self._parameters = parameters
        self._assignment = FrameAssignment(self._begin)
        self._begun = 0
        self._timer: asyncio.TimerHandle | None = None
        self.last_used = 0.0

    @property
    def streams(self) -> list[VideoStream]:
        """The videos in memory."""
        return [video.stream for video in self._assignment.videos]

    @property
    def waiting(self) -> int:
        """Frames accepted and not yet answered."""
        return self._assignment.waiting + sum(stream.waiting for stream in self.streams)

    @property
    def tracks_live(self) -> int:
        """Living tracks of all videos."""
        return sum(stream.tracks_live for stream in self.streams)

    async def answer(
        self, request: FrameRequest, observing: asyncio.Future[FrameObservation], now: float
    ) -> FrameAnswer:
        """Return the answer to a frame whose people are looked for already."""
        stream, accepted = await self._accepted(request, observing, now)
        return await stream.answer(accepted)

    def restore(self, number: int, video: LiveVideo) -> None:
        """Go on with a video of an earlier session of the same client."""
        self._begun = max(self._begun, number)
        self._assignment.videos.append(video)

    def settle(self) -> None:
        """Wait no longer to know the video of a frame."""
        self._assignment.settle(asyncio.get_running_loop().time(), at_once=True)
        self._set_timer()

    async def _accepted(
        self, request: FrameRequest, observing: asyncio.Future[FrameObservation], now: float
    ) -> tuple[VideoStream, AcceptedFrame]:
        """Wait until a video has accepted the frame."""
        if request.thumbnail is None:
            raise ValueError("expected the thumbnail of a frame without session")
        self._forget_idle(now)
        placed: asyncio.Future[tuple[VideoStream, AcceptedFrame]] = asyncio.get_running_loop().create_future()

        def place(video: LiveVideo) -> None:
            if not placed.done():
                placed.set_result((video.stream, video.stream.accept(request, observing)))

        frame = UnplacedFrame(request, request.thumbnail, now, place)
        self._assignment.add(frame)
        self._set_timer()
        try:
            return await asyncio.shield(placed)
        except asyncio.CancelledError:
            if placed.done():
                stream, accepted = placed.result()
                stream.give_up(accepted)
            else:
                self._assignment.withdraw(frame)
                self._batcher.withdraw(observing)
            raise

    def _begin(self, size: tuple[int, int]) -> LiveVideo:
        self._begun += 1
        return LiveVideo(self._new_stream(self._begun, size), size, self._parameters.history)

    def _forget_idle(self, now: float) -> None:
        idle = [video for video in self._assignment.videos if not video.stream.waiting]
        surplus = len(self._assignment.videos) - _MOST_VIDEOS
        for rank, video in enumerate(sorted(idle, key=lambda video: video.last_used)):
            if rank < surplus or now >= video.last_used + self._parameters.expiry_seconds:
                self._assignment.forget(video)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (deadline := self._assignment.deadline()) is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._settle)

    def _settle(self) -> None:
        self._assignment.settle(asyncio.get_running_loop().time())
        self._set_timer()
