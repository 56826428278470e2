"""Sessions over synthetic people: real trackers and real ordering, without images and models."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tests.phalp.people import FRAME_SIZE, Person, people
from tracker_service.phalp.state.snapshot import without_prefix
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.state_arrays import snapshot_of
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.sessions.keeping.session_folder import SessionFolder
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.sessions.video_tracker import VideoName, VideoTracker
from tracker_service.types import Frame, FrameResult, UInt8

PeopleOfFrame: TypeAlias = Callable[[int], Sequence[Person]]
"""The people of a frame, by its number."""

TRACKING = TrackerParameters(live=True)


def observation(number: int, *persons: Person) -> FrameObservation:
    return FrameObservation(FrameResult(number, 0.0, *FRAME_SIZE, persons=()), people=people(*persons))


def request(number: int, *, session: str = "client", content: int = 0, client: str = "") -> FrameRequest:
    """A frame of a named session, whose file differs only by its content number."""
    return FrameRequest(session, number, (1, 1), f"content {content} of {number}".encode(), client=client)


def image() -> UInt8:
    """An image that the synthetic models do not look at."""
    return np.zeros((1, 1, 3), np.uint8)


def walker(number: int) -> list[Person]:
    """One person who walks slowly enough to be known again after any gap."""
    return [Person(x=300 + 2 * (number % 400))]


def walkers(number: int) -> list[Person]:
    """Two people who never meet."""
    return [*walker(number), Person(x=1000 - (number % 400), y=300, look=5, turn=1.0)]


@dataclass
class Models:
    """Stands in for detection and body regression.

    Attributes:
        people_of_frame: the people of each frame.
        batches: frame numbers of every batch so far.
        failures: what a frame number raises.
        gate: batches wait until it is set.
    """

    people_of_frame: PeopleOfFrame = walker
    batches: list[list[int]] = field(default_factory=list)
    failures: dict[int, Exception] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def observe(self, window: Sequence[Frame]) -> tuple[FrameObservation, ...]:
        numbers = [frame.number for frame in window]
        self.batches.append(numbers)
        if not self.gate.wait(timeout=20):
            raise TimeoutError("the gate stayed closed")
        for number in numbers:
            if number in self.failures:
                raise self.failures[number]
        return tuple(observation(number, *self.people_of_frame(number)) for number in numbers)


def open_sessions(models: Models, tracking: TrackerParameters = TRACKING, **changes: Any) -> FrameSessions:
    """Return sessions over ``models``; ``changes`` are session parameters and window."""
    window = changes.pop("window", 4)
    parameters = SessionParameters(**{"gap_seconds": 0.03, **changes})

    def new_video(name: VideoName) -> VideoTracker:
        return VideoTracker(name, Tracker(tracking), None, parameters.history)

    def restored_video(path: Path, name: VideoName, arrays: dict[str, NDArray[Any]]) -> VideoTracker:
        tracker = Tracker.restore(snapshot_of(path, without_prefix("state", arrays)), tracking)
        video = VideoTracker(name, tracker, None, parameters.history)
        video.restore(arrays)
        return video

    folder = None if parameters.keep is None else SessionFolder(parameters.keep, "synthetic", restored_video)
    return FrameSessions(models.observe, new_video, parameters, window=window, folder=folder)


def ids(answer: FrameAnswer) -> list[int]:
    return [person.track_id for person in answer.result.persons]


def states(answer: FrameAnswer) -> dict[int, str]:
    return {person.track_id: person.state.value[0] for person in answer.result.persons}
