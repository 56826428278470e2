"""All sessions of the service: frames of many clients in, one answer each out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import MarkedFrame
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.sessions.parameters import SessionParameters


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
    """Answers single frames; belongs to one event loop.

    Args:
        observe: finds the people of a batch of frames (`Perception.observe`); called in threads.
        new_tracker: makes the live tracker of a new video.
        parameters: bounds and waiting times.
        on_batch: called with the number of frames of every batch given to the models.
    """

    def __init__(
        self,
        observe: Callable[[Sequence[MarkedFrame]], tuple[FrameObservation, ...]],
        new_tracker: Callable[[], Tracker],
        parameters: SessionParameters,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        raise NotImplementedError

    async def answer(self, request: FrameRequest) -> FrameAnswer:
        """Return what is said about a frame, once it is its turn.

        Cancelling the call is allowed at any time; the order of the others stays what it is.

        Raises:
            SessionsFullError: too many frames wait, or every session is busy and none can make room.
            SessionsClosedError: `close` has been called.
            SessionError: the frame number is not one.
            InferenceError: the models did not answer for this frame; `InferenceUnavailableError` where a retry helps.
        """
        raise NotImplementedError

    def statistics(self) -> SessionStatistics:
        """Return how things stand."""
        raise NotImplementedError

    async def close(self, drain_seconds: float) -> None:
        """Take no more frames, answer those that were accepted (without waiting for missing ones), and free all.

        What is not answered within ``drain_seconds`` gets `SessionsClosedError`.
        """
        raise NotImplementedError
