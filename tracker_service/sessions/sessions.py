"""All sessions of the service: frames of many clients in, one answer each out."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from tracker_service.errors import SessionError, SessionsClosedError, SessionsFullError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import MarkedFrame
from tracker_service.sessions.batching import FrameBatches
from tracker_service.sessions.frame import LARGEST_FRAME_NUMBER, FrameAnswer, FrameRequest
from tracker_service.sessions.reorder_buffer import Turns
from tracker_service.sessions.session import Slot
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.video_stream import Session
from tracker_service.sessions.video_tracker import LiveVideo, VideoName

_ASSOCIATION_THREADS = 2
_CHECKS_PER_EXPIRY = 4


@dataclass(frozen=True, slots=True)
class SessionStatistics:
    """How things stand.

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

    Args:
        observe: finds the people of a batch of frames (`Perception.observe`); called in threads.
        new_video: makes what answers the frames of a new video.
        parameters: bounds and waiting times.
        on_batch: called in the event loop with the number of frames of every batch given to the models.
    """

    def __init__(
        self,
        observe: Callable[[Sequence[MarkedFrame]], tuple[FrameObservation, ...]],
        new_video: Callable[[VideoName], LiveVideo],
        parameters: SessionParameters,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._new_video = new_video
        self._parameters = parameters
        self._batches = FrameBatches(observe, window=parameters.window, workers=parameters.workers, on_batch=on_batch)
        self._threads = ThreadPoolExecutor(max_workers=_ASSOCIATION_THREADS, thread_name_prefix="association")
        self._slots: OrderedDict[str, Slot] = OrderedDict()
        self._waiting = 0
        self._expiry: asyncio.TimerHandle | None = None
        self._closed = False

    async def answer(self, request: FrameRequest) -> FrameAnswer:
        """Return what is said about a frame, once it is its turn.

        Cancelling the call is allowed at any time; the order of the others stays what it is.

        Raises:
            SessionsFullError: too many frames wait, or every session is busy and none can make room.
            SessionsClosedError: `close` has been called.
            SessionError: the frame number is not one.
            InferenceError: the models did not answer for this frame; `InferenceUnavailableError` where a retry helps.
        """
        if not 0 <= request.frame_number <= LARGEST_FRAME_NUMBER:
            raise SessionError(f"frame number: expected 0 to {LARGEST_FRAME_NUMBER}, got {request.frame_number}")
        if self._closed:
            raise SessionsClosedError("the service is shutting down and takes no more frames")
        now = asyncio.get_running_loop().time()
        slot = self._slot(request, now)
        try:
            return await slot.session_for(request, now).answer(request)
        finally:
            slot.used = asyncio.get_running_loop().time()

    def relieve(self, keys: Collection[str] | None = None) -> None:
        """Wait no more for frames that are missing now; to be called when frames are refused for want of room.

        Frames that wait for missing ones take the places that those would need. What comes later is waited for as ever.

        Args:
            keys: sessions that it is about; None for all.
        """
        for key, slot in list(self._slots.items()):
            if slot.waiting and (keys is None or key in keys):
                for session in list(slot.sessions):
                    session.relieve()

    def statistics(self) -> SessionStatistics:
        """Return how things stand; to be called in the event loop."""
        return SessionStatistics(
            sessions=len(self._slots),
            frames_waiting=self._waiting,
            tracks_live=sum(slot.sessions[-1].tracks_live for slot in self._slots.values() if slot.sessions),
        )

    async def close(self, drain_seconds: float) -> None:
        """Take no more frames, answer those that were accepted (without waiting for missing ones), and free all.

        What is not answered within ``drain_seconds`` gets `SessionsClosedError`.
        """
        self._closed = True
        for session in self._every_session():
            session.hurry()
        if unanswered := [answer for session in self._every_session() for answer in session.unanswered]:
            await asyncio.wait(unanswered, timeout=drain_seconds)
        for session in self._every_session():
            session.close()
        await self._batches.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._expiry is not None:
            self._expiry.cancel()
        self._slots.clear()

    def _slot(self, request: FrameRequest, now: float) -> Slot:
        """Return the slot of a request's session, made when missing or expired, or refuse the frame."""
        slot = self._slots.get(request.session)
        if slot is not None and self._is_expired(slot, now):
            del self._slots[request.session]
            slot = None
        known = slot is not None and slot.repeated(request) is not None
        if not known and self._waiting >= self._parameters.frames_waiting:
            raise SessionsFullError(
                f"expected fewer than {self._parameters.frames_waiting} frames waiting for an answer"
            )
        if slot is None:
            self._make_room()
            slot = self._slots[request.session] = Slot(
                partial(self._new_session, request.session), self._parameters.gap_seconds
            )
            self._watch_expiry()
        self._slots.move_to_end(request.session)
        return slot

    def _make_room(self) -> None:
        """Forget the session that is idle for longest where there are too many."""
        if len(self._slots) < self._parameters.max_sessions:
            return
        idle = next((key for key, slot in self._slots.items() if not slot.waiting), None)
        if idle is None:
            raise SessionsFullError(f"expected fewer than {self._parameters.max_sessions} busy sessions")
        del self._slots[idle]

    def _is_expired(self, slot: Slot, now: float) -> bool:
        return not slot.waiting and now >= slot.used + self._parameters.expiry_seconds

    def _watch_expiry(self) -> None:
        if self._expiry is None:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(self._parameters.expiry_seconds / _CHECKS_PER_EXPIRY, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        now = asyncio.get_running_loop().time()
        for key in [key for key, slot in self._slots.items() if self._is_expired(slot, now)]:
            del self._slots[key]
        if self._slots:
            self._watch_expiry()

    def _every_session(self) -> Iterator[Session]:
        return (session for slot in list(self._slots.values()) for session in list(slot.sessions))

    def _new_session(self, key: str, number: int) -> Session:
        video = self._new_video(VideoName(key, number))
        return Session(video, self._batches, Turns(self._parameters), self._threads, self._count)

    def _count(self, change: int) -> None:
        self._waiting += change
