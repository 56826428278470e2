"""Small observations and tracked people for tests of the pipeline."""

import numpy as np

from tracker_service.pipeline.observation import FrameObservation
from tracker_service.types import Detections, DroppedDetections, People, PersonState, Smpl, Squares, TrackedPerson


def nobody() -> People:
    zeros = np.zeros
    return People(
        detections=Detections.empty(),
        squares=Squares(zeros((0, 2)), zeros(0), zeros(0)),
        smpl=Smpl(zeros((0, 1, 3, 3)), zeros((0, 23, 3, 3)), zeros((0, 10))),
        crop_cameras=zeros((0, 3)),
        cameras=zeros((0, 3)),
        joints_3d=zeros((0, 45, 3)),
        joints_2d=zeros((0, 45, 2)),
        pose=zeros((0, 229)),
        location=zeros((0, 99)),
        appearance=zeros((0, 4)),
        presence=zeros(0),
        identities=zeros(0, np.int64),
        annotated=zeros(0, np.bool_),
    )


def observation(frame_number: int) -> FrameObservation:
    return FrameObservation(
        frame_number=frame_number,
        timestamp=frame_number / 25,
        width=64,
        height=48,
        shot=False,
        people=nobody(),
        low_score=None,
        dropped=DroppedDetections(),
        image=None,
    )


def person(frame_number: int, track_id: int) -> TrackedPerson:
    zeros = np.zeros
    return TrackedPerson(
        track_id=track_id,
        frame_number=frame_number,
        state=PersonState.SEEN,
        age=0,
        tracking_confidence=1.0,
        score=0.9,
        detection_index=0,
        box=np.array([1, 2, 3, 4]),
        center=zeros(2),
        side=10.0,
        global_orient=zeros((1, 3, 3)),
        body_pose=zeros((23, 3, 3)),
        betas=zeros(10),
        crop_camera=zeros(3),
        camera=zeros(3),
        joints_3d=zeros((45, 3)),
        joints_2d=zeros((45, 2)),
        pose=zeros(229),
        location=zeros(99),
        appearance=zeros(4),
    )
