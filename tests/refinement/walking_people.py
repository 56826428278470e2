"""People who move as formulas say, and a body whose joints follow its rotations."""

from dataclasses import replace

import numpy as np

from tests.drawing.people import person
from tracker_service.phalp.rotations import rotation_matrices
from tracker_service.types import Float32, Float64, FrameResult, PersonState, Smpl, TrackedPerson
from tracker_service.types.phalp_vectors import TRUNK_JOINTS

SIZE = (640, 360)
RATE = 25.0
DIRECTIONS = np.random.default_rng(0).normal(size=(44, 3)).astype(np.float32)


class TurningBody:
    """A body with stiff limbs: joint j is a fixed vector turned by rotation j modulo 24."""

    def joints(self, smpl: Smpl) -> Float32:
        rotations = np.concatenate([smpl.global_orient, smpl.body_pose], axis=1)
        joints = np.einsum("njab,jb->nja", rotations[:, np.arange(44) % 24], DIRECTIONS)
        return np.asarray(joints, np.float32)

    def trunk(self, smpl: Smpl) -> Float32:
        return self.joints(smpl)[:, TRUNK_JOINTS]


def walker(
    frame_number: int,
    *,
    track_id: int = 1,
    angle: float | None = None,
    predicted_for: int = 0,
) -> TrackedPerson:
    """A person whose joints are all turned about x, by ``angle`` or a radian a second; it goes to the right."""
    seconds = frame_number / RATE
    turns = rotation_matrices(np.tile([seconds if angle is None else angle, 0.0, 0.0], (24, 1))).astype(np.float32)
    template = person(track_id, (200.0 + frame_number, 150.0), predicted_for=predicted_for)
    return replace(
        template,
        frame_number=frame_number,
        box=np.array([180 + frame_number, 100, 220 + frame_number, 200], np.float32),
        global_orient=turns[:1],
        body_pose=turns[1:],
        camera=np.array([0.1 * seconds, 0.0, 20.0], np.float32),
    )


def frame(frame_number: int, *persons: TrackedPerson, shot: bool = False) -> FrameResult:
    return FrameResult(frame_number, frame_number / RATE, *SIZE, persons=persons, shot=shot)


def angles(frames: list[FrameResult], track_id: int = 1) -> Float64:
    """Return by how much the pelvis is turned in every frame that holds the person."""
    turns = [p.global_orient[0] for f in frames for p in f.persons if p.track_id == track_id]
    return np.array([np.arctan2(turn[2, 1], turn[1, 1]) for turn in turns], np.float64)


def states(frames: list[FrameResult], track_id: int = 1) -> dict[int, PersonState]:
    return {f.frame_number: p.state for f in frames for p in f.persons if p.track_id == track_id}
