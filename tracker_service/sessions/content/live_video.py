"""One of the videos that a client sends without naming them: its frames and what they look like."""

from collections.abc import Iterable

import numpy as np

from tracker_service.sessions.content.thumbnail import THUMBNAIL_SIDE, differences
from tracker_service.sessions.video_stream import VideoStream
from tracker_service.types import UInt8

_NEIGHBOURS = 8
"""Numbers on either side by which a frame is the next one, or the last of a video that is sent backwards; a client's
workers have fewer frames in flight."""
_KNOWN_NEIGHBOURS = 4
UNLIKE = 255.0
"""Difference of frames that have nothing in common, and of those that cannot be compared."""


class LiveVideo:
    """A live video.

    Attributes:
        stream: takes its frames.
        size: width and height of all its frames.
        last_used: when a frame of it last came.

    Args:
        stream: a new one.
        size: of its first frame.
        history: frames whose look is remembered.
    """

    def __init__(self, stream: VideoStream, size: tuple[int, int], history: int) -> None:
        self.stream = stream
        self.size = size
        self.last_used = 0.0
        self._looks = np.zeros((history, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3), np.uint8)
        self._seen = 0

    @property
    def looks(self) -> UInt8:
        """The (n, 8, 8, 3) thumbnails of its last frames, in no order."""
        return self._looks[: min(self._seen, len(self._looks))]

    def remember(self, look: UInt8) -> None:
        """Remember the thumbnail of a frame; the oldest goes."""
        self._looks[self._seen % len(self._looks)] = look
        self._seen += 1

    def go_on(self, looks: Iterable[UInt8], used: float) -> None:
        """Take over the thumbnails of a video that was saved, and when its last frame came."""
        for look in looks:
            self.remember(look)
        self.last_used = used

    def difference(self, look: UInt8) -> float:
        """How much a thumbnail differs from the most similar one, 0 to 255."""
        return float(differences(self.looks, look).min(initial=UNLIKE))

    def has(self, number: int) -> bool:
        """Whether it has a frame of this number."""
        return self.stream.knows(number)

    def continues(self, number: int) -> bool:
        """Whether a frame of this number would be the next one, or one that is missing among known ones."""
        sides = (range(number - _NEIGHBOURS, number), range(number + 1, number + _NEIGHBOURS + 1))
        return any(sum(map(self.has, side)) >= _KNOWN_NEIGHBOURS for side in sides)

    def is_near(self, number: int) -> bool:
        """Whether it has a frame that is not further away than frames are that come at the same time."""
        return any(map(self.has, range(number - _NEIGHBOURS, number + _NEIGHBOURS + 1)))
