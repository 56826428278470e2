"""A live video as named arrays, to be saved and restored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from tracker_service.phalp.state.snapshot import with_prefix, without_prefix
from tracker_service.sessions.video_tracker import VideoName, VideoTracker

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

_NOTES = "notes"


@dataclass(frozen=True, slots=True)
class VideoNotes:
    """What is remembered of a video beside its tracker.

    Attributes:
        session: key of its session.
        video: which of its videos, from 1.
        named: whether the client named the session.
        size: width and height of its frames.
        used: when it was saved, Unix seconds.
        made_with: model set and settings of the trackers, as text; a service with others does not go on with it.
    """

    session: str
    video: int
    named: bool
    size: tuple[int, int]
    used: float
    made_with: str

    @property
    def name(self) -> VideoName:
        """Session and number."""
        return VideoName(self.session, self.video)


def video_arrays(notes: VideoNotes, tracker: VideoTracker) -> dict[str, NDArray[Any]]:
    """Return everything about a video; to be called while no frame of it is associated."""
    return {_NOTES: np.frombuffer(orjson.dumps(notes), np.uint8), **with_prefix("tracker", tracker.arrays())}


def notes_of(arrays: Arrays) -> VideoNotes:
    """Read the notes; raises `KeyError`, `TypeError` or `ValueError` where there are none."""
    values = orjson.loads(arrays[_NOTES].tobytes())
    width, height = values.pop("size")
    return VideoNotes(size=(int(width), int(height)), **values)


def tracker_state(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return what `VideoTracker.arrays` had returned."""
    return without_prefix("tracker", arrays)
