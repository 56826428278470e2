"""Which video a frame belongs to, where the client says nothing but its number.

A frame is of a video of its size that has no frame of its number yet, and it looks like that video's frames: like one
of them, much more than like any of another video, or it is the next number of that video and of no other. If no video
lacks its number, a new one begins. Where that decides nothing (a cut, a black frame, the first frames of two videos at
once), the frame waits for others: each that finds its place leaves fewer places to the rest, and shows more of what
its video looks like. What comes to nothing is guessed once the client is quiet.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker_service.sessions.content.live_video import UNLIKE, LiveVideo
from tracker_service.sessions.content.thumbnail import differences, is_flat
from tracker_service.sessions.frame import FrameRequest
from tracker_service.types import Float64, UInt8

_ALIKE = 9.0
"""Difference up to which a frame looks like its neighbour, of 255. Neighbours differ by less than that even where a
hand-held camera follows a snowboarder (7 in 99 of 100, measured); any two scenes, those of one slope included, by more
than 18. Raising it decides more frames at once."""
_CLEARLY = 0.5
"""How much smaller the difference to a video must be than to any other. Raising it decides more frames at once."""
_PREFERRED = 0.7
"""The same where all frames of a number are compared with all videos that lack it."""
_FIRST_NUMBERS = 8
"""Up to this number a frame may be one of the first of a new video, as several workers send them."""
_QUIET_SECONDS = 0.25
"""Silence of the client after which nothing more is waited for. Raising it is safer on slow networks and slower at
cuts."""
_LONGEST_SECONDS = 1.0
"""Longest that a frame waits for others to decide, where the client is never silent."""
_LONGEST_BETWEEN_VIDEOS_SECONDS = 5.0
"""The same where several videos go on at its number and the client still waits for answers, so sends no more."""
_LONGEST_IN_BURST_SECONDS = 10.0
"""The same where many frames are on their way, so that the others are sure to come."""
_IN_FLIGHT = 8
"""Frames of a video that workers send at the same time at most. Raising it trusts numbers more, and waits less."""
_ACTIVE_SECONDS = 5.0
"""Time after its last frame in which a video is expected to go on."""


@dataclass(slots=True, eq=False)
class UnplacedFrame:
    """A frame whose video is not known yet.

    Attributes:
        request: the frame.
        look: its thumbnail.
        since: when it came.
        place: called with its video.
        difference: how much it differs from each video of its size.
    """

    request: FrameRequest
    look: UInt8
    since: float
    place: Callable[[LiveVideo], None]
    difference: dict[LiveVideo, float] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Its number."""
        return self.request.frame_number


class FrameAssignment:
    """Finds the video of every frame of one client.

    Args:
        new_video: begins a video whose frames have the given width and height.
    """

    def __init__(self, new_video: Callable[[tuple[int, int]], LiveVideo]) -> None:
        self._new_video = new_video
        self._unplaced: list[UnplacedFrame] = []
        self._last_arrival = 0.0
        self._settled_at = 0.0
        self.videos: list[LiveVideo] = []
        """The live videos, the newest last."""

    @property
    def waiting(self) -> int:
        """Frames whose video is not known yet."""
        return len(self._unplaced)

    def add(self, frame: UnplacedFrame) -> None:
        """Take a frame; its `place` is called now or in a later call of `add` or `settle`."""
        self._last_arrival = frame.since
        frame.difference = {video: _difference(video, frame) for video in self._of_its_size(frame)}
        self._unplaced.append(frame)
        self._place_the_certain(frame.since)

    def withdraw(self, frame: UnplacedFrame) -> None:
        """Forget a frame that waits."""
        if frame in self._unplaced:
            self._unplaced.remove(frame)

    def forget(self, video: LiveVideo) -> None:
        """Forget a video: no frame is placed in it any more."""
        self.videos.remove(video)
        for frame in self._unplaced:
            frame.difference.pop(video, None)

    def deadline(self) -> float | None:
        """When `settle` is due; None while no frame waits."""
        if not self._unplaced:
            return None
        oldest = min(frame.since for frame in self._unplaced)
        soonest = min(self._last_arrival + _QUIET_SECONDS, oldest + _LONGEST_SECONDS)
        return max(soonest, self._settled_at + _QUIET_SECONDS)

    def settle(self, now: float, *, at_once: bool = False) -> None:
        """Guess for the frames that have waited long enough, or for all of them, the most certain first."""
        self._settled_at = now
        while due := [frame for frame in self._unplaced if at_once or self._is_due(frame, now)]:
            guesses = [(self._guess(frame, now), frame) for frame in due]
            (_, video), frame = min(guesses, key=lambda guess: guess[0][0])
            self._place(frame, video, now)
            self._place_the_certain(now)

    def _of_its_size(self, frame: UnplacedFrame) -> Iterator[LiveVideo]:
        return (video for video in self.videos if video.size == frame.request.size)

    def _open(self, frame: UnplacedFrame) -> list[LiveVideo]:
        """Return the videos that lack the frame's number, the most similar first."""
        lacking = (video for video in frame.difference if not video.has(frame.number))
        return sorted(lacking, key=lambda video: frame.difference[video])

    def _place_the_certain(self, now: float) -> None:
        while True:
            before = len(self._unplaced)
            for frame in list(self._unplaced):
                self._place_if_certain(frame, now)
            self._place_those_of_one_number(now)
            if len(self._unplaced) == before:
                return

    def _place_if_certain(self, frame: UnplacedFrame, now: float) -> None:
        lacking = self._open(frame)
        next_in = [video for video in lacking if self._is_active(video, now) and video.continues(frame.number)]
        repeated = next((video for video in frame.difference if video.stream.is_repeated(frame.request)), None)
        if repeated is not None and not (next_in and is_flat(frame.look)):
            self._place(frame, repeated, now)
        elif not lacking:
            self._place(frame, None, now)
        elif self._is_clear(frame, lacking):
            self._place(frame, lacking[0], now)
        elif frame.number > _FIRST_NUMBERS and self._is_next_in_one(frame, next_in, lacking[0]):
            self._place(frame, next_in[0], now)

    def _is_next_in_one(self, frame: UnplacedFrame, next_in: list[LiveVideo], nearest: LiveVideo) -> bool:
        """Whether a frame has the next number of one video only, and does not look much more like another one."""
        if len(next_in) != 1 or self._is_burst():
            return False
        return _CLEARLY * frame.difference[next_in[0]] <= frame.difference[nearest]

    def _is_clear(self, frame: UnplacedFrame, lacking: list[LiveVideo]) -> bool:
        nearest, *others = (frame.difference[video] for video in lacking)
        return nearest <= _ALIKE and (not others or nearest < _CLEARLY * others[0])

    def _place_those_of_one_number(self, now: float) -> None:
        """Place the frames of a number together once there is one for every video that lacks it."""
        by_number: dict[tuple[int, tuple[int, int]], list[UnplacedFrame]] = {}
        for frame in self._unplaced:
            same = by_number.setdefault((frame.number, frame.request.size), [])
            if is_flat(frame.look) or frame.request.digest not in (other.request.digest for other in same):
                same.append(frame)
        for frames in by_number.values():
            number = frames[0].number
            lacking = [
                video for video in self._open(frames[0]) if self._is_active(video, now) and video.is_near(number)
            ]
            if len(frames) > 1 and len(frames) >= len(lacking) > 0:
                costs = np.array([[frame.difference[video] for video in lacking] for frame in frames])
                for row, column in np.transpose(linear_sum_assignment(costs)).tolist():
                    if _is_preferred(costs, row, column) or is_flat(frames[row].look):
                        self._place(frames[row], lacking[column], now)

    def _guess(self, frame: UnplacedFrame, now: float) -> tuple[tuple[bool, bool, float], LiveVideo | None]:
        """Return how uncertain a frame's most likely video is, and that; None for a new one."""
        ranked = [(self._doubt(frame, video, now), video) for video in self._open(frame)]
        if not ranked:
            return (False, False, 0.0), None
        doubt, video = min(ranked, key=lambda guess: guess[0])
        alike = frame.difference[video] <= _ALIKE
        begins = frame.number <= _FIRST_NUMBERS and not video.is_near(frame.number)
        return doubt, None if not alike and (begins or not self._is_active(video, now)) else video

    def _doubt(self, frame: UnplacedFrame, video: LiveVideo, now: float) -> tuple[bool, bool, float]:
        difference = frame.difference[video]
        unlike = difference > _ALIKE and not video.continues(frame.number)
        return not self._is_active(video, now), unlike, difference

    def _is_burst(self) -> bool:
        """Whether the client has sent more frames at once than its workers would; then numbers say little."""
        outstanding = len(self._unplaced) + sum(video.stream.waiting for video in self.videos)
        return outstanding > _IN_FLIGHT * max(1, len(self.videos))

    def _is_due(self, frame: UnplacedFrame, now: float) -> bool:
        """Whether a frame has waited long enough for others to decide."""
        quiet = now >= self._last_arrival + _QUIET_SECONDS
        if self._is_burst():
            return quiet or now >= frame.since + _LONGEST_IN_BURST_SECONDS
        # Workers send the next frames of a video only when they have the answers to the last ones.
        near = [video for video in self._open(frame) if video.is_near(frame.number)]
        if len(near) > 1 and any(video.stream.waiting for video in near):
            return now >= frame.since + _LONGEST_BETWEEN_VIDEOS_SECONDS
        return quiet or now >= frame.since + _LONGEST_SECONDS

    def _is_active(self, video: LiveVideo, now: float) -> bool:
        return bool(video.stream.waiting) or now < video.last_used + _ACTIVE_SECONDS

    def _place(self, frame: UnplacedFrame, video: LiveVideo | None, now: float) -> None:
        """Place a frame in a video, None for a new one."""
        self._unplaced.remove(frame)
        if video is None:
            video = self._new_video(frame.request.size)
            self.videos.append(video)
        video.last_used = now
        frame.place(video)
        others = [one for one in self._unplaced if one.request.size == video.size]
        for other in others:
            other.difference.setdefault(video, UNLIKE)
        if is_flat(frame.look):  # black frames of one video look like those of any other
            return
        video.remember(frame.look)
        if others := [one for one in others if not is_flat(one.look)]:
            nearer = differences(np.stack([one.look for one in others]), frame.look).tolist()
            for other, difference in zip(others, nearer, strict=True):
                other.difference[video] = min(other.difference[video], difference)


def _difference(video: LiveVideo, frame: UnplacedFrame) -> float:
    """How much a frame differs from a video; a flat one tells nothing."""
    return UNLIKE if is_flat(frame.look) else video.difference(frame.look)


def _is_preferred(costs: Float64, row: int, column: int) -> bool:
    """Whether a frame is much more like its video than like the others, or than the other frames are."""
    others = np.concatenate([np.delete(costs[row], column), np.delete(costs[:, column], row)])
    return bool(costs[row, column] < _PREFERRED * others.min(initial=np.inf))
