"""All sessions of the service: frames of many clients in, one answer each out."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from tracker_service.errors import SessionError, SessionsClosedError, SessionsFullError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.batching import FrameBatcher
from tracker_service.sessions.content.unnamed_videos import UnnamedVideos
from tracker_service.sessions.frame import LARGEST_FRAME_NUMBER, FrameAnswer, FrameRequest
from tracker_service.sessions.reorder_buffer import ReorderBuffer
from tracker_service.sessions.session import Session
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.video_stream import VideoStream
from tracker_service.sessions.video_tracker import VideoName, VideoTracker
from tracker_service.types import Frame, UInt8

_ASSOCIATION_THREADS = 2
_CHECKS_PER_EXPIRY = 4
_AnySession: TypeAlias = Session | UnnamedVideos


@dataclass(frozen=True, slots=True)
class SessionStatistics:
    """How many sessions, frames and tracks there are.

    Attributes:
        sessions: sessions in memory.
        frames_waiting: frames accepted and not yet answered.
        tracks_live: living tracks of all sessions, seen or not.
    """

    sessions: int
    frames_waiting: int
    tracks_live: int


class FrameSessions:
    """Answers single frames. May be built in any thread; afterwards it belongs to one event loop.

    The caller bounds how many frames wait at the same time.

    Args:
        observe: finds the people of a batch of frames (`Perception.observe`); called in threads.
        new_video: makes the tracker of a new video.
        parameters: bounds and waiting times.
        window: most frames in one batch. Raising it makes batches larger when many frames wait.
        on_batch: called in the event loop with the number of frames of every batch given to the models.
    """

    def __init__(
        self,
        observe: Callable[[Sequence[Frame]], tuple[FrameObservation, ...]],
        new_video: Callable[[VideoName], VideoTracker],
        parameters: SessionParameters,
        *,
        window: int,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._new_video = new_video
        self._parameters = parameters
        self._batcher = FrameBatcher(observe, window=window, workers=parameters.workers, on_batch=on_batch)
        self._threads = ThreadPoolExecutor(max_workers=_ASSOCIATION_THREADS, thread_name_prefix="association")
        self._sessions: OrderedDict[str, _AnySession] = OrderedDict()
        self._expiry: asyncio.TimerHandle | None = None
        self._closed = False

    async def answer(
        self, request: FrameRequest, image: UInt8, observed: Callable[[], None] | None = None
    ) -> FrameAnswer:
        """Return the answer to a frame, once the frames before it have been associated.

        The call may be cancelled at any time; the other frames keep their order.

        Args:
            request: the frame.
            image: (H, W, 3) uint8 RGB, upright; not kept once its people are known.
            observed: called when they are, which is before the frames before it are associated.

        Raises:
            SessionsFullError: every session is busy and none can make room.
            SessionsClosedError: `close` has been called.
            SessionError: the frame number is negative or too large.
            InferenceError: the models did not answer for this frame; `InferenceUnavailableError` where a retry helps.
        """
        if not 0 <= request.frame_number <= LARGEST_FRAME_NUMBER:
            raise SessionError(f"frame number: expected 0 to {LARGEST_FRAME_NUMBER}, got {request.frame_number}")
        if self._closed:
            raise SessionsClosedError("the service is shutting down and takes no more frames")
        loop = asyncio.get_running_loop()
        session = self._session(request, loop.time())
        session.last_used = loop.time()
        observing = self._batcher.submit(Frame(request.frame_number, 0.0, image))
        del image
        if observed is not None:
            observing.add_done_callback(partial(_tell, observed))
        try:
            return await session.answer(request, observing, loop.time())
        finally:
            session.last_used = loop.time()

    def skip_missing(self, keys: Collection[str] | None = None) -> None:
        """Stop waiting for frames that are missing now; to be called when frames are refused for want of room.

        Frames that wait for missing ones take the room that those would need. Later gaps are waited for as usual.

        Args:
            keys: the sessions to do so in; None for all.
        """
        for key, session in list(self._sessions.items()):
            if session.waiting and (keys is None or key in keys):
                for stream in list(session.streams):
                    stream.skip_missing()

    def statistics(self) -> SessionStatistics:
        """Return the numbers now; to be called in the event loop."""
        return SessionStatistics(
            sessions=len(self._sessions),
            frames_waiting=sum(session.waiting for session in self._sessions.values()),
            tracks_live=sum(session.tracks_live for session in self._sessions.values()),
        )

    async def close(self, drain_seconds: float) -> None:
        """Take no more frames, answer the accepted ones without waiting for missing ones, and free everything.

        What is not answered within ``drain_seconds`` gets `SessionsClosedError`.
        """
        self._closed = True
        for session in self._sessions.values():
            session.settle()
        for stream in self._streams():
            stream.flush()
        if unanswered := [answer for stream in self._streams() for answer in stream.unanswered]:
            await asyncio.wait(unanswered, timeout=drain_seconds)
        for stream in self._streams():
            stream.close()
        await self._batcher.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._expiry is not None:
            self._expiry.cancel()
        self._sessions.clear()

    def _session(self, request: FrameRequest, now: float) -> _AnySession:
        """Return a request's session, made when missing or expired."""
        session = self._sessions.get(request.session)
        if session is not None and self._is_expired(session, now):
            del self._sessions[request.session]
            session = None
        if session is None:
            self._make_room()
            session = self._sessions[request.session] = self._new_session(request)
            self._watch_expiry()
        self._sessions.move_to_end(request.session)
        return session

    def _new_session(self, request: FrameRequest) -> _AnySession:
        new_stream = partial(self._new_stream, request.session)
        if request.thumbnail is None:
            return Session(new_stream, self._parameters.gap_seconds)
        return UnnamedVideos(new_stream, self._batcher, self._parameters)

    def _make_room(self) -> None:
        """Forget the session that has been idle for longest where there are too many."""
        if len(self._sessions) < self._parameters.max_sessions:
            return
        idle = next((key for key, session in self._sessions.items() if not session.waiting), None)
        if idle is None:
            raise SessionsFullError(f"expected fewer than {self._parameters.max_sessions} busy sessions")
        del self._sessions[idle]

    def _is_expired(self, session: _AnySession, now: float) -> bool:
        return not session.waiting and now >= session.last_used + self._parameters.expiry_seconds

    def _watch_expiry(self) -> None:
        if self._expiry is None:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(self._parameters.expiry_seconds / _CHECKS_PER_EXPIRY, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        now = asyncio.get_running_loop().time()
        for key in [key for key, session in self._sessions.items() if self._is_expired(session, now)]:
            del self._sessions[key]
        if self._sessions:
            self._watch_expiry()

    def _streams(self) -> Iterator[VideoStream]:
        return (stream for session in list(self._sessions.values()) for stream in list(session.streams))

    def _new_stream(self, key: str, number: int) -> VideoStream:
        tracker = self._new_video(VideoName(key, number))
        return VideoStream(tracker, self._batcher, ReorderBuffer(self._parameters), self._threads)


def _tell(observed: Callable[[], None], observing: asyncio.Future[FrameObservation]) -> None:
    """Say that an image is no longer needed, which it is where its people could not be found."""
    if observing.cancelled() or observing.exception() is None:
        observed()
