"""Small observations and tracked people for tests of the pipeline."""

from collections.abc import Sequence

import numpy as np

from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.types import (
    Detections,
    Float32,
    FrameResult,
    People,
    PersonState,
    Smpl,
    Squares,
    TrackedPerson,
)


def zeros(*shape: int) -> Float32:
    return np.zeros(shape, np.float32)


def people_in(boxes: Sequence[tuple[float, float, float, float]], joints_2d: Sequence[Float32]) -> People:
    """People of whom only boxes (best score first) and 2D joints are known; everything else is zero."""
    n = len(boxes)
    return People(
        detections=Detections(np.array(boxes, np.float32).reshape(n, 4), np.linspace(0.9, 0.5, n, dtype=np.float32)),
        squares=Squares(zeros(n, 2), zeros(n) + 1, zeros(n)),
        smpl=Smpl(zeros(n, 1, 3, 3), zeros(n, 23, 3, 3), zeros(n, 10)),
        crop_cameras=zeros(n, 3),
        cameras=zeros(n, 3),
        joints_3d=zeros(n, 45, 3),
        joints_2d=np.array(joints_2d, np.float32).reshape(n, 45, 2),
        pose=zeros(n, 229),
        location=zeros(n, 99),
        appearance=zeros(n, 4),
        presence=zeros(n),
        identities=np.zeros(n, np.int64),
        annotated=np.zeros(n, np.bool_),
    )


def nobody() -> People:
    return people_in([], [])


def tracked_frame(number: int) -> TrackedFrame:
    return TrackedFrame(FrameResult(number, number / 25, width=64, height=48, persons=()))


def person(frame_number: int, track_id: int) -> TrackedPerson:
    return TrackedPerson(
        track_id=track_id,
        frame_number=frame_number,
        state=PersonState.SEEN,
        age=0,
        tracking_confidence=1.0,
        score=0.9,
        detection_index=0,
        box=np.array([1, 2, 3, 4], np.float32),
        center=zeros(2),
        side=10.0,
        global_orient=zeros(1, 3, 3),
        body_pose=zeros(23, 3, 3),
        betas=zeros(10),
        crop_camera=zeros(3),
        camera=zeros(3),
        joints_3d=zeros(45, 3),
        joints_2d=zeros(45, 2),
        pose=zeros(229),
        location=zeros(99),
        appearance=zeros(4),
    )
