"""Results of three people who move, turn, vanish and come back."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from tests.results.frames import frame_result, tracked_person
from tracker_service.body.model import BodyModel
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.types import Float64, FrameResult, PersonState, PersonWorld, Smpl, TrackedPerson, WorldDoubt

FRAMES = 12
PRESENT = {1: (*range(5), *range(8, 12)), 3: tuple(range(3, 12)), 12: (2,)}
"""Frames in which each person is shown."""
LOST = (1, 5)
"""A person and a frame in which they are only carried along."""
UPRIGHT = np.diag([1.0, -1.0, -1.0])


def write_moving_people(folder: Path, body: BodyModel, *, world: bool = True) -> None:
    """Write the results; with ``world`` everybody has a place and a turn there."""
    with NdjsonWriter(folder / "results.ndjson") as writer:
        for number in range(FRAMES):
            writer.write(_frame(number, body, world=world))


def _frame(number: int, body: BodyModel, *, world: bool) -> FrameResult:
    people = [_person(track_id, number, body, world=world) for track_id, frames in PRESENT.items() if number in frames]
    if number == LOST[1]:
        lost = {"state": PersonState.LOST, "tracking_confidence": 0.1}
        people.insert(0, _person(LOST[0], number, body, world=world, age=30, **lost))
    return frame_result(number, *people)


def _person(
    track_id: int, number: int, body: BodyModel, *, world: bool, age: int = 0, **changes: object
) -> TrackedPerson:
    random = np.random.default_rng([track_id, number])
    local = Rotation.from_rotvec(random.normal(scale=0.4, size=(23, 3))).as_matrix()
    pelvis = UPRIGHT @ Rotation.from_rotvec([0.1, 0.4 * number + track_id, 0.2]).as_matrix()
    shape = np.random.default_rng(track_id).normal(size=(1, 10)).astype(np.float32)
    smpl = Smpl(pelvis[None, None].astype(np.float32), local[None].astype(np.float32), shape)
    joints = np.concatenate([body.joints(smpl)[0], np.zeros((1, 3), np.float32)])
    place = PersonWorld(
        position=np.array([0.1 * number - track_id, -0.25, -6.0 - 0.05 * number]),
        position_deviation=np.array([0.5, 0.25, 2.0]),
        velocity=np.zeros(3),
        velocity_deviation=np.ones(3),
        heading=0.0,
        heading_deviation=1.0,
        contacts=np.array([1.0, 0.25]),
        orientation=_tilted(),
        doubts=() if number % 2 else (WorldDoubt.SMALL,),
    )
    return tracked_person(
        track_id,
        number,
        age=age,
        global_orient=pelvis[None].astype(np.float32),
        body_pose=local.astype(np.float32),
        betas=shape[0],
        camera=np.array([0.5, 0.25, 90.0], np.float32),
        joints_3d=joints,
        world=place if world else None,
        **changes,
    )


def _tilted() -> Float64:
    """The turn from camera axes of a camera that is held a little askew."""
    return np.asarray(Rotation.from_rotvec([0.15, -0.3, 0.05]).as_matrix() @ UPRIGHT, np.float64)
