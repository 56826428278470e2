"""Puts left and right of people right where the frames around say otherwise.

The live tracker knows only the frames before (`tracker_service.phalp.continuation.sides`); here those after count as
well: the forward and the backward pass of the same two-state model over the frames within reach (Rabiner 1989). So a
person who was seen wrongly when the track began, or for as long as the tracker takes to give in, is put right from both
ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tracker_service.phalp.continuation.sides import change_of_sides, passed_on, with_sides_exchanged
from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.refinement.bodies import rotations_of, with_bodies
from tracker_service.refinement.delayed_frames import DelayedFrames
from tracker_service.types import Float32, Float64, FrameResult, PersonState, Smpl, TrackedPerson
from tracker_service.types.phalp_vectors import TRUNK_JOINTS


class SideCorrector(DelayedFrames):
    """Takes frames in order and gives them back, ``reach`` frames later, with the sides of people put right.

    Args:
        reach: frames to either side that count, at least 1.
        vote: log-odds that the sides of one frame are right.
        body: gives the joints of bodies whose sides are exchanged.
        used: frames, as they were given back, that another one still needed, oldest first.
        waiting: frames that it had not given back.
    """

    def __init__(
        self,
        reach: int,
        vote: float,
        body: JointModel,
        used: Iterable[FrameResult] = (),
        waiting: Iterable[FrameResult] = (),
    ) -> None:
        super().__init__(reach, used, waiting)
        self._vote, self._body = vote, body
        self._exchanged: dict[tuple[int, int], Float32] = {}

    def _next(self) -> FrameResult:
        before, after = self._around()
        frame = self._waiting.popleft()
        people = [self._decided(person, frame, before, after) for person in frame.persons]
        frame = replace(frame, persons=tuple(people))
        self._used.append(frame)
        oldest = self._used[0].frame_number
        self._exchanged = {key: joints for key, joints in self._exchanged.items() if key[1] >= oldest}
        return frame

    def _around(self) -> tuple[list[FrameResult], list[FrameResult]]:
        """Return the frames of the same shot before and after the next one, both nearest first."""
        frame = self._waiting[0]
        before: list[FrameResult] = []
        shot = frame.shot
        for earlier in reversed(self._used):
            if shot:
                break
            before.append(earlier)
            shot = earlier.shot
        after: list[FrameResult] = []
        for later in list(self._waiting)[1:]:
            if later.shot:
                break
            after.append(later)
        return before, after

    def _decided(
        self, person: TrackedPerson, frame: FrameResult, before: Sequence[FrameResult], after: Sequence[FrameResult]
    ) -> TrackedPerson:
        if person.state is not PersonState.SEEN:
            return person
        belief = self._vote
        for side in (before, after):
            seen = [other for near in side for other in near.persons if _same(other, person)]
            belief += self._told([person, *seen])
        if belief >= 0:
            return person
        self._exchanged.pop((person.track_id, person.frame_number), None)
        smpl = with_sides_exchanged(_smpl(person))
        rotations = np.concatenate([smpl.global_orient, smpl.body_pose], axis=1).astype(np.float64)
        size, camera = (frame.width, frame.height), person.camera[None].astype(np.float64)
        return with_bodies([person], rotations, person.betas[None].astype(np.float64), camera, size, self._body)[0]

    def _told(self, chain: Sequence[TrackedPerson]) -> float:
        """Return the log-odds that the later people of a chain give to the sides of the first."""
        if len(chain) < 2:
            return 0.0
        trunks = np.stack([person.joints_3d[list(TRUNK_JOINTS)] for person in chain])
        others = np.stack([self._other(person) for person in chain[1:]])
        steps = np.abs(np.diff([person.frame_number for person in chain]))
        changes = change_of_sides(trunks[:-1], trunks[1:], others, steps)
        belief = 0.0
        for change in reversed(changes.tolist()):
            belief = float(passed_on(belief + self._vote, change))
        return belief

    def _other(self, person: TrackedPerson) -> Float32:
        """Return the (4, 3) joints of the trunk of a person with the sides exchanged."""
        key = (person.track_id, person.frame_number)
        if key not in self._exchanged:
            self._exchanged[key] = self._body.trunk(with_sides_exchanged(_smpl(person)))[0]
        return self._exchanged[key]


def _same(other: TrackedPerson, person: TrackedPerson) -> bool:
    return other.track_id == person.track_id and other.state is PersonState.SEEN


def _smpl(person: TrackedPerson) -> Smpl:
    rotations: Float64 = rotations_of(person)
    turns = rotations[None].astype(np.float32)
    return Smpl(turns[:, :1], turns[:, 1:], person.betas[None])
