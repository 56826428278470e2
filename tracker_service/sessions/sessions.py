"""All sessions of the service: frames of many clients in, one answer each out."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from tracker_service.errors import SessionError, SessionsClosedError, SessionsFullError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.batching import FrameBatcher
from tracker_service.sessions.content.live_video import LiveVideo
from tracker_service.sessions.content.unnamed_videos import UnnamedVideos
from tracker_service.sessions.frame import LARGEST_FRAME_NUMBER, FrameAnswer, FrameRequest
from tracker_service.sessions.keeping.session_folder import RestoredVideo, SessionFolder
from tracker_service.sessions.keeping.video_saver import VideoSaver
from tracker_service.sessions.reorder_buffer import ReorderBuffer
from tracker_service.sessions.session import Session
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.video_stream import VideoStream
from tracker_service.sessions.video_tracker import VideoName, VideoTracker
from tracker_service.types import ArrayPicture, Frame, UInt8
from tracker_service.types.calibration import FocalLength

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
        folder: where live videos are kept; those in it go on.
    """

    def __init__(
        self,
        observe: Callable[[Sequence[Frame]], tuple[FrameObservation, ...]],
        new_video: Callable[[VideoName], VideoTracker],
        parameters: SessionParameters,
        *,
        window: int,
        on_batch: Callable[[int], None] | None = None,
        folder: SessionFolder | None = None,
    ) -> None:
        self._new_video = new_video
        self._parameters = parameters
        self._batcher = FrameBatcher(observe, window=window, workers=parameters.workers, on_batch=on_batch)
        self._threads = ThreadPoolExecutor(max_workers=_ASSOCIATION_THREADS, thread_name_prefix="association")
        self._sessions: OrderedDict[str, _AnySession] = OrderedDict()
        self._clients: dict[str, str] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._closed = False
        self._folder = folder
        if folder is not None:
            self._restore(folder.restored(parameters.expiry_seconds))

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
        self._watch_expiry()
        session = self._session(request, loop.time())
        session.last_used = loop.time()
        focal = request.focal or _settled_focal(session, request.size)
        seconds = request.frame_number / self._parameters.fps
        frame = Frame(request.frame_number, seconds, ArrayPicture(image), focal=focal)
        observing = self._batcher.submit(frame, request.client)
        del image, frame
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
        await asyncio.gather(*(stream.save() for stream in self._streams()))
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
            self._make_room(request.client)
            self._clients[request.session] = request.client
            session = self._new_session(request.session, named=request.thumbnail is None)
        self._sessions.move_to_end(request.session)
        return session

    def _new_session(self, key: str, *, named: bool) -> _AnySession:
        new_stream = partial(self._new_stream, key, named)
        if named:
            self._sessions[key] = Session(new_stream, self._parameters.gap_seconds)
        else:
            self._sessions[key] = UnnamedVideos(new_stream, self._batcher, self._parameters)
        return self._sessions[key]

    def _restore(self, videos: Iterable[RestoredVideo]) -> None:
        """Go on with saved videos, the newest of which come first."""
        named: dict[str, dict[int, VideoStream]] = {}
        for notes, tracker in videos:
            known = self._sessions.get(notes.session)
            if known is None and len(self._sessions) >= self._parameters.max_sessions:
                continue
            session = known or self._new_session(notes.session, named=notes.named)
            stream = self._stream(notes.name, tracker, named=notes.named, size=notes.size)
            used = time.monotonic() - (time.time() - notes.used)
            session.last_used = max(session.last_used, used)
            if isinstance(session, UnnamedVideos):
                video = LiveVideo(stream, notes.size, self._parameters.history)
                video.go_on(tracker.answers.thumbnails, used)
                session.restore(notes.video, video)
            else:
                named.setdefault(notes.session, {})[notes.video] = stream
                session.restore(named[notes.session])
        for key in list(self._sessions)[::-1]:
            self._sessions.move_to_end(key)

    def _make_room(self, client: str) -> None:
        """Forget the session that has been idle for longest of the client that has most, where there are too many.

        Args:
            client: who wants one more; nobody loses one to a client that has as many.
        """
        if len(self._sessions) < self._parameters.max_sessions:
            return
        self._clients = {key: self._clients.get(key, "") for key in self._sessions}
        counts = Counter((client, *self._clients.values()))
        idle = [key for key, session in self._sessions.items() if not session.waiting]
        yielding = [key for key in idle if counts[self._clients[key]] >= counts[client]]
        if not yielding:
            raise SessionsFullError(f"expected fewer than {self._parameters.max_sessions} busy sessions")
        most = max(counts[self._clients[key]] for key in yielding)
        del self._sessions[next(key for key in yielding if counts[self._clients[key]] == most)]

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
        self._clients = {key: self._clients.get(key, "") for key in self._sessions}
        if self._folder is not None:
            self._threads.submit(self._folder.sweep, self._parameters.expiry_seconds)
        if self._sessions or self._folder is not None:
            self._watch_expiry()

    def _streams(self) -> Iterator[VideoStream]:
        return (stream for session in list(self._sessions.values()) for stream in list(session.streams))

    def _new_stream(self, key: str, named: bool, number: int, size: tuple[int, int]) -> VideoStream:
        name = VideoName(key, number)
        return self._stream(name, self._new_video(name), named=named, size=size)

    def _stream(self, name: VideoName, tracker: VideoTracker, *, named: bool, size: tuple[int, int]) -> VideoStream:
        seconds = self._parameters.keep_seconds
        folder = self._folder
        saver = None if folder is None else VideoSaver(folder, name, named=named, size=size, seconds=seconds)
        order = ReorderBuffer(self._parameters, tracker.last)
        return VideoStream(tracker, self._batcher, order, self._threads, saver, size)


def _settled_focal(session: _AnySession, size: tuple[int, int]) -> FocalLength | None:
    """Return what a model has seen of the camera of a session's newest video of frames of this size."""
    known = (stream.focal for stream in reversed(session.streams) if stream.size == size)
    return next((focal for focal in known if focal is not None), None)


def _tell(observed: Callable[[], None], observing: asyncio.Future[FrameObservation]) -> None:
    """Say that an image is no longer needed, which it is where its people could not be found."""
    if observing.cancelled() or observing.exception() is None:
        observed()
