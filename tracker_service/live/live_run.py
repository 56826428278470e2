"""A live run: a source is read in a thread of its own, and the frames that come to their turn are computed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Protocol

from tracker_service.errors import InferenceUnavailableError
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.live.waiting_frames import WaitingFrames
from tracker_service.types import Frame, FrameResult
from tracker_service.video.live.live_source import LiveFrame, LiveSource
from tracker_service.video.pixels.rgb import RgbConverter

_LONGEST_JOIN = 2.0
"""Seconds that closing waits for the reading thread; a silent source is left to end by itself."""


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """What became of the frames that came: every one of them is counted once.

    Attributes:
        computed: those with a result.
        skipped: those that would have come too late.
        failed: those that the models did not answer for.
        damaged: those that arrived damaged.
        reconnections: how often the source was connected again.
    """

    computed: int = 0
    skipped: int = 0
    failed: int = 0
    damaged: int = 0
    reconnections: int = 0

    @property
    def arrived(self) -> int:
        """All of them."""
        return self.computed + self.skipped + self.failed + self.damaged


class FollowsPeople(Protocol):
    """What follows people through frames, as `tracker_service.live.frame_tracker.FrameTracker` does."""

    def update(self, frame: Frame) -> FrameResult:
        """Return the people of the next frame."""
        ...


class LiveRun:
    """The people of a camera or stream; iterate over it once, and close it.

    Args:
        source: an opened one; closed with the run.
        tracker: follows the people.
        parameters: which frames are computed.
        keep_pictures: leave the pictures in the results.
        on_failure: called with one line when the models stop answering, and not again until they have answered.
    """

    def __init__(
        self,
        source: LiveSource,
        tracker: FollowsPeople,
        parameters: LiveParameters,
        *,
        keep_pictures: bool = False,
        on_failure: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._source, self._tracker, self._keep_pictures = source, tracker, keep_pictures
        self._on_failure = on_failure
        self._waiting: WaitingFrames[LiveFrame] = WaitingFrames(parameters)
        self._converter: RgbConverter | None = None
        self._number = -1
        self._computed = self._skipped = self._failed = 0
        self._failing = False
        self._reader = Thread(target=self._read, name="live-source", daemon=True)

    @property
    def counts(self) -> LiveCounts:
        """What became of the frames so far; those that wait are in none of the numbers."""
        skipped = self._skipped + self._waiting.left_over
        return LiveCounts(self._computed, skipped, self._failed, self._source.damaged, self._source.reconnections)

    def __iter__(self) -> Iterator[LiveFrameResult]:
        """Yield a result for every computed frame, as soon as it is there.

        Raises:
            VideoError: the source could not be connected again.
            PhalpTritonError: a frame cannot be computed, for another reason than models that do not answer now.
        """
        self._reader.start()
        unanswered = 0
        while (taken := self._waiting.take()) is not None:
            self._skipped += taken.skipped
            result = self._computed_frame(taken.item, taken.skipped + unanswered)
            unanswered = taken.skipped + unanswered + 1 if result is None else 0
            if result is not None:
                yield result

    def close(self) -> None:
        """End the run; frames that wait are skipped."""
        self._source.close()
        self._waiting.end(discard=True)
        if self._reader.is_alive():
            self._reader.join(_LONGEST_JOIN)

    def _read(self) -> None:
        self._waiting.give_all(self._source.frames())

    def _computed_frame(self, frame: LiveFrame, skipped: int) -> LiveFrameResult | None:
        self._converter = self._converter or RgbConverter(frame.picture)
        picture = self._converter.picture(frame.picture)
        number = max(round(frame.seconds * self._source.rate), self._number + 1)
        try:
            result = self._tracker.update(Frame(number, frame.seconds, picture))
        except InferenceUnavailableError as error:
            self._failed += 1
            if not self._failing:
                self._on_failure(str(error))
            self._failing = True
            return None
        self._failing = False
        self._number = number
        self._computed += 1
        latency = time.monotonic() - frame.arrived
        kept = picture if self._keep_pictures else None
        return LiveFrameResult(result, frame.number, skipped, frame.captured, latency, kept)
