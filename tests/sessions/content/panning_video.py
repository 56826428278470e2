"""Synthetic videos that differ in what their frames look like."""

from collections.abc import Callable
from functools import cache

import numpy as np

from tests.sessions.running_sessions import RunningSessions
from tests.sessions.synthetic_sessions import image
from tracker_service.sessions.content.thumbnail import thumbnail
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.types import UInt8

FRAMES = 40
SIZE = (640, 360)


@cache
def _looks(scene: int) -> tuple[UInt8, ...]:
    panorama = np.random.default_rng(scene).integers(0, 256, (16, 30, 3), np.uint8)
    smooth = np.repeat(np.repeat(panorama, 40, axis=0), 40, axis=1)
    return tuple(thumbnail(smooth[:, 10 * number : 10 * number + 640]) for number in range(FRAMES))


class Video:
    """A video whose camera pans over a scene of its own.

    Args:
        scene: which one.
        size: of its frames.
        change: returns what frame ``number`` looks like in place of its own look.
    """

    def __init__(
        self, scene: int, size: tuple[int, int] = SIZE, change: Callable[[int, UInt8], UInt8] = lambda _, look: look
    ) -> None:
        self._looks = _looks(scene)
        self._size = size
        self._change = change

    def look(self, number: int) -> UInt8:
        return self._change(number, self._looks[number])

    def request(self, number: int) -> FrameRequest:
        look = self.look(number)
        return FrameRequest("client", number, self._size, look.tobytes(), look)


async def post(running: RunningSessions, video: Video, number: int) -> FrameAnswer:
    return await running.sessions.answer(video.request(number), image())
