"""Frames and people with plausible, reproducible numbers."""

from typing import Any

import numpy as np

from tracker_service.types import FrameResult, PersonState, PersonWorld, TrackedPerson, WorldDoubt

WIDTH, HEIGHT = 1920, 1080


def tracked_person(track_id: int = 1, frame_number: int = 0, *, age: int = 0, **changes: Any) -> TrackedPerson:
    """Return a person whose arrays depend only on the track and the frame."""
    random = np.random.default_rng([track_id, frame_number])

    def numbers(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return random.normal(size=shape).astype(np.float32)

    fields: dict[str, Any] = {
        "track_id": track_id,
        "frame_number": frame_number,
        "state": PersonState.SEEN if age == 0 else PersonState.PREDICTED,
        "age": age,
        "tracking_confidence": 0.95**age,
        "score": float(np.float32(0.87)),
        "detection_index": 0 if age == 0 else -1,
        "box": np.array([100, 50, 180.25, 300], np.float32) + 40 * track_id,
        "center": np.array([140, 175], np.float32),
        "side": 333.3,
        "global_orient": numbers(1, 3, 3),
        "body_pose": numbers(23, 3, 3),
        "betas": numbers(10),
        "crop_camera": numbers(3),
        "camera": numbers(3),
        "joints_3d": numbers(45, 3),
        "joints_2d": 500 + 100 * numbers(45, 2),
        "pose": numbers(229),
        "location": numbers(99),
        "appearance": numbers(32),
    }
    return TrackedPerson(**fields | changes)


def frame_result(number: int = 0, *persons: TrackedPerson, **changes: Any) -> FrameResult:
    """Return frame ``number`` of a 25 Hz video."""
    fields: dict[str, Any] = {"timestamp": number / 25, "width": WIDTH, "height": HEIGHT}
    return FrameResult(frame_number=number, persons=persons, **fields | changes)


def two_people(number: int) -> FrameResult:
    """Return a frame with a seen and a predicted person."""
    return frame_result(number, tracked_person(1, number), tracked_person(2, number, age=3))


def placed(*doubts: WorldDoubt) -> PersonWorld:
    """A place in the world with these doubts."""
    three = np.array([1.0, 0.5, -8.0])
    return PersonWorld(three, three, three, three, 0.25, 0.5, np.array([0.75, 0.5]), np.eye(3), doubts)
