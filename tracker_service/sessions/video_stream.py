"""One video of a session: its frames go through the models as they arrive and through the tracker in order."""

import asyncio
import logging
import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from tracker_service.errors import FrameFailedError, PhalpTritonError, SessionsClosedError
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.sessions.batching import FrameBatcher
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.sessions.keeping.video_saver import VideoSaver
from tracker_service.sessions.reorder_buffer import ReorderBuffer
from tracker_service.sessions.video_tracker import VideoTracker
from tracker_service.tracing.spans import Span, here, inside
from tracker_service.types import UInt8
from tracker_service.types.calibration import FocalLength

_logger = logging.getLogger(__name__)

_NEAR_ZERO = 8
"""Frames just after frame 0 that tell whether a video is sent backwards; a client's workers reorder fewer."""


@dataclass(slots=True, eq=False)
class AcceptedFrame:
    """A frame that was taken; pass it to `VideoStream.answer` once for every `VideoStream.accept`.

    Attributes:
        number: its number.
        digest: hash of its image.
        thumbnail: what it looks like, where that tells videos apart.
        observing: its people, once they are known.
        on_observed: what is called then.
        answer: what all requests for it wait for.
        requests: how many wait.
        span: the step of the first request for it, None where that is not traced.
    """

    number: int
    digest: bytes
    thumbnail: UInt8 | None
    observing: asyncio.Future[FrameObservation]
    on_observed: Callable[[asyncio.Future[FrameObservation]], None]
    answer: asyncio.Future[FrameAnswer]
    requests: int = 0
    span: Span | None = None


class VideoStream:
    """Takes the frames of one video in any order; belongs to one event loop.

    Args:
        tracker: answers the frames; used by one thread of ``threads`` at a time.
        batcher: finds the people of frames.
        order: says which frame is next.
        threads: where association runs, so that it does not block the event loop.
        saver: saves the video from time to time, so that it survives a restart.
        size: (width, height) of its frames.
    """

    def __init__(
        self,
        tracker: VideoTracker,
        batcher: FrameBatcher,
        order: ReorderBuffer,
        threads: Executor,
        saver: VideoSaver | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.size = size
        self._tracker = tracker
        self._batcher = batcher
        self._order = order
        self._threads = threads
        self._accepted: dict[int, AcceptedFrame] = {}
        self._saver = saver
        self._unsaved_since: float | None = None
        self._saving: asyncio.Future[None] | None = None
        self._associating = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def order(self) -> ReorderBuffer:
        """The order of its frames; only to be read."""
        return self._order

    @property
    def focal(self) -> FocalLength | None:
        """The focal length of its camera, once a model has seen it in enough frames."""
        return self._tracker.focal

    @property
    def waiting(self) -> int:
        """Frames accepted and not yet answered."""
        return len(self._accepted)

    @property
    def tracks_live(self) -> int:
        """Living tracks after the last answer."""
        return self._tracker.tracks_live

    @property
    def unanswered(self) -> list[asyncio.Future[FrameAnswer]]:
        """The answers that are still to come."""
        return [accepted.answer for accepted in self._accepted.values()]

    def knows(self, number: int) -> bool:
        """Whether the frame was accepted or answered."""
        return number in self._accepted or number in self._tracker.answers

    def plays_backwards(self) -> bool:
        """Whether frame 0 would be the end of a video that is sent backwards: frames just after it were late."""
        return any(self._was_late(number) for number in range(1, _NEAR_ZERO + 1))

    def is_repeated(self, request: FrameRequest) -> bool:
        """Whether this very frame was accepted or answered, and the answer is still kept."""
        return self._digest(request.frame_number) == request.digest

    def accept(self, request: FrameRequest, observing: asyncio.Future[FrameObservation]) -> AcceptedFrame:
        """Take a frame whose people are looked for already; one that repeats another is not computed again."""
        number, recorded = request.frame_number, self._tracker.answers.get(request.frame_number)
        known = self._accepted.get(number)
        if known is not None or recorded is not None:
            self._batcher.withdraw(observing)
        accepted = known or self._new(request, observing)
        accepted.requests += 1
        if recorded is not None:
            accepted.answer.set_result(recorded.answer)
        elif known is None:
            self._take(accepted)
        return accepted

    async def answer(self, accepted: AcceptedFrame) -> FrameAnswer:
        """Return the answer to an accepted frame; a repeated one gets the same as the first."""
        try:
            # Shielded: others may wait for the same frame, and it is associated even if nobody does any more.
            return await asyncio.shield(accepted.answer)
        finally:
            self.give_up(accepted)

    def give_up(self, accepted: AcceptedFrame) -> None:
        """One that waited for a frame no longer does; called in place of `answer`."""
        accepted.requests -= 1
        abandoned = not accepted.requests and not accepted.answer.done()
        if abandoned and self._batcher.withdraw(accepted.observing):
            self._drop(accepted.number)

    def flush(self) -> None:
        """Answer every accepted frame without waiting for missing ones."""
        self._order.flush()
        self._advance()

    def skip_missing(self) -> None:
        """Answer the frames accepted so far without waiting for missing ones."""
        self._order.skip_missing()
        self._advance()

    def close(self) -> None:
        """Fail the frames that have no answer yet."""
        if self._timer is not None:
            self._timer.cancel()
        for number, accepted in self._accepted.items():
            accepted.observing.remove_done_callback(accepted.on_observed)
            _fail(accepted, SessionsClosedError(f"frame {number}: the service is shutting down"))
        self._accepted.clear()

    async def save(self) -> None:
        """Save the video where answers have been given since it was saved."""
        if self._unsaved_since is not None and self._saving is None and not self._associating:
            self._begin_to_save()
        if self._saving is not None:
            await asyncio.wait([self._saving])

    def _begin_to_save(self) -> None:
        if self._saver is None:
            return
        self._associating = True
        self._unsaved_since = None
        self._saving = asyncio.get_running_loop().run_in_executor(self._threads, self._saver.save, self._tracker)
        self._saving.add_done_callback(self._on_saved)

    def _on_saved(self, saved: asyncio.Future[None]) -> None:  # noqa: ARG002
        self._associating = False
        self._saving = None
        self._advance()

    def _associated(self, seen: FrameObservation) -> FrameAnswer:
        if self._saver is not None:
            self._saver.mark()
        return self._tracker.answer(seen)

    def _was_late(self, number: int) -> bool:
        recorded, last = self._tracker.answers.get(number), self._order.last
        if recorded is not None:
            return recorded.answer.late
        return number in self._accepted and last is not None and number < last

    def _digest(self, number: int) -> bytes | None:
        accepted = self._accepted.get(number)
        if accepted is not None:
            return accepted.digest
        recorded = self._tracker.answers.get(number)
        return None if recorded is None else recorded.digest

    def _new(self, request: FrameRequest, observing: asyncio.Future[FrameObservation]) -> AcceptedFrame:
        answer: asyncio.Future[FrameAnswer] = asyncio.get_running_loop().create_future()
        on_observed = partial(self._on_observed, request.frame_number)
        number, digest, thumbnail = request.frame_number, request.digest, request.thumbnail
        return AcceptedFrame(number, digest, thumbnail, observing, on_observed, answer, span=here())

    def _take(self, accepted: AcceptedFrame) -> None:
        self._accepted[accepted.number] = accepted
        self._order.add(accepted.number, asyncio.get_running_loop().time())
        accepted.observing.add_done_callback(accepted.on_observed)

    def _on_observed(self, number: int, observing: asyncio.Future[FrameObservation]) -> None:
        """A frame's people are known, or it cannot be computed."""
        if observing.cancelled():
            return
        if (error := observing.exception()) is not None:
            _fail(self._accepted[number], error)
            self._drop(number)
        else:
            self._order.mark_ready(number, asyncio.get_running_loop().time())
            self._advance()

    def _drop(self, number: int) -> None:
        """Forget a frame that will not be answered, as if it had never come."""
        del self._accepted[number]
        self._order.remove(number, asyncio.get_running_loop().time())
        self._advance()

    def _advance(self) -> None:
        """Associate the next frame, if there is one; else try again at the deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._associating:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_save():
            self._begin_to_save()
            return
        number = self._order.pop(loop.time())
        if number is not None:
            self._associating = True
            accepted = self._accepted[number]
            associated = loop.run_in_executor(
                self._threads, inside(accepted.span, self._associated), accepted.observing.result()
            )
            associated.add_done_callback(partial(self._on_associated, number))
            return
        deadline = self._order.deadline()
        if (next_step := min(self._next_save(), math.inf if deadline is None else deadline)) < math.inf:
            self._timer = loop.call_at(next_step, self._advance)

    def _next_save(self) -> float:
        """When the video is to be saved; infinity while all answers are in its file."""
        if self._saver is None or self._unsaved_since is None:
            return math.inf
        return self._unsaved_since + self._saver.seconds

    def _on_associated(self, number: int, associated: asyncio.Future[FrameAnswer]) -> None:
        self._associating = False
        accepted = self._accepted.pop(number, None)
        if accepted is None:
            return
        if associated.cancelled():
            _fail(accepted, SessionsClosedError(f"frame {number}: the service is shutting down"))
        elif (error := associated.exception()) is not None:
            _fail(accepted, _session_error(number, error))
        else:
            self._tracker.record(associated.result(), accepted.digest, accepted.thumbnail)
            if self._unsaved_since is None:
                self._unsaved_since = asyncio.get_running_loop().time()
            accepted.answer.set_result(associated.result())
        self._advance()


def _fail(accepted: AcceptedFrame, error: BaseException) -> None:
    if not accepted.answer.done():
        accepted.answer.set_exception(error)
        accepted.answer.exception()  # retrieved, as asyncio warns of exceptions that nobody waits for


def _session_error(number: int, error: BaseException) -> BaseException:
    if isinstance(error, PhalpTritonError):
        return error
    _logger.error("frame %d: it could not be associated", number, exc_info=error)
    wrapped = FrameFailedError(f"frame {number}: expected to associate it, got {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped
