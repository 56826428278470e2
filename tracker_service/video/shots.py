"""Shot changes, found while the video is read."""

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from tracker_service.errors import SettingsError
from tracker_service.types import Float32, Frame, Picture

_THUMBNAIL = (64, 36)


@dataclass(frozen=True, slots=True)
class ShotDecision:
    """What the detector says about one frame.

    Attributes:
        frame_number: number of the frame.
        shot: True if a new shot begins with this frame; never for the first frame seen.
        score: mean change of colour from the frame before, 0 to 255.
    """

    frame_number: int
    shot: bool
    score: float


@dataclass(frozen=True, slots=True)
class _Seen:
    number: int
    colors: Float32
    score: float


class ShotDetector:
    """Finds hard cuts by comparing each frame's change with that of the frames around it.

    In the spirit of PySceneDetect's adaptive detector: what counts is not how much the picture changes but how much
    more than just before and just after, so that camera and subject motion do not count. A cut must also not lead back:
    when the picture within the look-ahead resembles the one before, it was a flash. Fades and dissolves are no cuts.

    The decision for a frame depends only on a fixed number of frames around it, so a video can be processed in parts.

    Args:
        ratio: how many times the mean change of either side a cut's change must be; raising it finds fewer cuts.
        minimum_score: mean change of colour (0 to 255) below which nothing is a cut; raising it finds fewer cuts.
        lookahead: frames after a frame that must be seen to decide on it (the delay); raising it sees through longer
            flashes and decides later.
        lookbehind: frames before a frame whose change is compared; raising it steadies the comparison, and hides a cut
            that follows another more closely.

    Raises:
        SettingsError: a setting cannot be used.
    """

    def __init__(
        self, *, ratio: float = 3.0, minimum_score: float = 8.0, lookahead: int = 3, lookbehind: int = 5
    ) -> None:
        if ratio <= 1 or minimum_score < 0 or lookahead < 1 or lookbehind < 1:
            given = f"{ratio}, {minimum_score}, {lookahead}, {lookbehind}"
            raise SettingsError(
                f"shots: expected ratio > 1, minimum score >= 0, look-ahead and -behind >= 1, got {given}"
            )
        self._ratio, self._minimum_score = ratio, minimum_score
        self._lookahead, self._lookbehind = lookahead, lookbehind
        self._seen: deque[_Seen] = deque(maxlen=lookbehind + 1 + lookahead)
        self._undecided = 0

    @property
    def delay(self) -> int:
        """Frames between a frame and the decision on it."""
        return self._lookahead

    @property
    def memory(self) -> int:
        """Frames before a frame on which the decision on it depends."""
        return self._lookbehind + 1

    def push(self, frame: Frame) -> ShotDecision | None:
        """Take the next frame; return the decision on the frame ``delay`` frames earlier, None while there is none."""
        colors = _colors(frame.picture)
        score = _change(colors, self._seen[-1].colors) if self._seen else 0.0
        self._seen.append(_Seen(frame.number, colors, score))
        self._undecided += 1
        return self._decide() if self._undecided > self._lookahead else None

    def finish(self) -> tuple[ShotDecision, ...]:
        """Return the decisions on the last ``delay`` frames, made with the frames there are."""
        return tuple(self._decide() for _ in range(self._undecided))

    def _decide(self) -> ShotDecision:
        seen = list(self._seen)
        at = len(seen) - self._undecided
        self._undecided -= 1
        before, here, after = (
            seen[max(at - self._lookbehind, 0) : at],
            seen[at],
            seen[at + 1 : at + 1 + self._lookahead],
        )
        shot = bool(before) and here.score >= self._minimum_score and self._stands_out(before, here, after)
        return ShotDecision(here.number, shot and not _leads_back(before, here, after), here.score)

    def _stands_out(self, before: list[_Seen], here: _Seen, after: list[_Seen]) -> bool:
        sides = (before, after)
        return all(here.score >= self._ratio * np.mean([frame.score for frame in side]) for side in sides if side)


def _leads_back(before: list[_Seen], here: _Seen, after: list[_Seen]) -> bool:
    """Tell whether a frame soon after resembles the last one before, or this frame one soon before: a flash."""
    into = any(_change(before[-1].colors, frame.colors) < here.score / 2 for frame in after)
    out = any(_change(frame.colors, here.colors) < here.score / 2 for frame in before[:-1])
    return into or out


def _colors(picture: Picture) -> Float32:
    """Return a thumbnail as (h, w, 3) points of the HSV cone: chroma towards the hue, chroma across it, value; 0..255.

    In the cone a hue counts as much as there is colour, so the random hue of grey areas does no harm.
    """
    hsv = cv2.cvtColor(picture.thumbnail(_THUMBNAIL), cv2.COLOR_RGB2HSV_FULL).astype(np.float32)
    angle, value = hsv[..., 0] * np.float32(2 * np.pi / 256), hsv[..., 2]
    chroma = hsv[..., 1] * value / np.float32(255)
    return np.stack((chroma * np.cos(angle), chroma * np.sin(angle), value), axis=-1)


def _change(first: Float32, second: Float32) -> float:
    return float(np.abs(first - second).mean())
