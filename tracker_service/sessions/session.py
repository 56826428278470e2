"""The videos of one session id: which of them a frame belongs to, and when a new one begins.

The older clients say neither which video a frame belongs to nor when a video begins; they only count from 0 again.
"""

from collections.abc import Callable

from tracker_service.sessions.frame import FrameRequest
from tracker_service.sessions.video_stream import Session

_STRAGGLER_REACH = 8
"""Frames that a client has under way at most. Raising it lets frames of a finished video come in later."""


class Slot:
    """Keeps the running video of a session id, and the one before while its last frames come in.

    A new video begins when

    * a frame number comes again with other content, or was answered so long ago that the answer is no longer kept; or
    * frame 0 comes after later frames were answered, unless those came backwards, so that 0 is simply the last.

    A frame that repeats one of the video before, or that continues it while it still moves and is far from the running
    one, belongs to the one before: the workers of a client may be at the end of one video and the start of the next.

    Attributes:
        used: when the last request came or was answered, seconds of the loop's clock.

    Args:
        new_session: makes the session of the n-th video, n from 1.
        gap_seconds: how long a video is taken to be still moving.
    """

    def __init__(self, new_session: Callable[[int], Session], gap_seconds: float) -> None:
        self._new_session = new_session
        self._gap_seconds = gap_seconds
        self._begun = 0
        self._sessions: list[Session] = []
        self.used = 0.0

    @property
    def sessions(self) -> list[Session]:
        """The videos in memory, the running one last."""
        return self._sessions

    @property
    def waiting(self) -> int:
        """Frames accepted and not yet answered."""
        return sum(session.waiting for session in self._sessions)

    def repeated(self, request: FrameRequest) -> Session | None:
        """Return the session that accepted or answered this very frame, None if it is new."""
        return next((session for session in reversed(self._sessions) if session.is_repeated(request)), None)

    def session_for(self, request: FrameRequest, now: float) -> Session:
        """Return the session of the video that a frame belongs to; it may be a new one."""
        self.used = now
        if (repeated := self.repeated(request)) is not None:
            return repeated
        running = self._sessions[-1] if self._sessions else None
        if running is None or self._begins_video(running, request.frame_number):
            return self._begin()
        older = [session for session in self._sessions[:-1] if self._continues(session, running, request, now)]
        return older[-1] if older else running

    def _begins_video(self, running: Session, number: int) -> bool:
        if running.knows(number):
            return True
        return number == 0 and running.turns.last is not None and not running.counts_down()

    def _continues(self, older: Session, running: Session, request: FrameRequest, now: float) -> bool:
        number, end, front = request.frame_number, older.turns.highest, running.turns.highest
        if end is None or front is None or older.knows(number) or now > older.turns.moved + self._gap_seconds:
            return False
        return abs(number - end) <= _STRAGGLER_REACH < number - front

    def _begin(self) -> Session:
        # The one before stays for its last frames, and any other only until what it has accepted is answered.
        self._sessions = [session for session in self._sessions[:-1] if session.waiting] + self._sessions[-1:]
        self._begun += 1
        self._sessions.append(self._new_session(self._begun))
        return self._sessions[-1]
