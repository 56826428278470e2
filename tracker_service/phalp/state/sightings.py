"""What a track keeps of a person in one frame, and the records made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.phalp.state.columns import Columns
from tracker_service.types import (
    LOCATION_SIZE,
    NUMBER_OF_JOINTS,
    POSE_SIZE,
    Bool,
    Float32,
    FoundBy,
    Int64,
    People,
    PersonState,
    TrackedPerson,
)
from tracker_service.types.arrays import of_checked
from tracker_service.types.phalp_vectors import LOCATION_DEPTH, body_of

FOUND_BY = tuple(FoundBy)
"""The ways of finding people, in the order in which sightings number them."""
UNMEASURED_DETAIL: Float32 = np.array([1.0, 255.0], np.float32)
"""Sharpness and contrast of people whose picture was not measured: nothing speaks against them."""


@dataclass(slots=True, eq=False)
class Sightings(Columns):
    """n people of one frame, or the last sighting of n tracks; shapes and units as in `TrackedPerson`.

    Attributes:
        detection_index: (n,) row among the people of the frame, -1 for predicted ones.
        identity: (n,) given identity, -1 where unknown.
        annotated: (n,) whether a track is confirmed at once.
        found_by: (n,) how each was found, a row of `FOUND_BY`.
        score, presence: (n,) detection score, and the body model's confidence that a person is there.
        box, center, side, crop_camera, camera: (n, 4), (n, 2), (n,), (n, 3), (n, 3).
        joints_3d, joints_2d: (n, 45, 3), (n, 45, 2).
        roll: (n,) in-plane turn of the crop, see `People.roll`.
        detail: (n, 2) sharpness and contrast, see `People.detail`.
        pose, location, appearance: (n, 229), (n, 99), (n, k).
    """

    detection_index: Int64
    identity: Int64
    annotated: Bool
    found_by: Int64
    score: Float32
    presence: Float32
    box: Float32
    center: Float32
    side: Float32
    roll: Float32
    detail: Float32
    crop_camera: Float32
    camera: Float32
    joints_3d: Float32
    joints_2d: Float32
    pose: Float32
    location: Float32
    appearance: Float32

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def none(cls, embedding: int) -> Self:
        """Nobody; ``embedding`` is the length of appearance vectors."""
        shapes: dict[str, tuple[int, ...]] = {
            "box": (4,),
            "center": (2,),
            "crop_camera": (3,),
            "camera": (3,),
            "pose": (POSE_SIZE,),
        }
        shapes |= {
            "joints_3d": (NUMBER_OF_JOINTS, 3),
            "joints_2d": (NUMBER_OF_JOINTS, 2),
            "score": (),
            "presence": (),
            "side": (),
            "roll": (),
            "detail": (2,),
        }
        shapes |= {"location": (LOCATION_SIZE,), "appearance": (embedding,)}
        return cls(
            detection_index=np.zeros(0, np.int64),
            identity=np.zeros(0, np.int64),
            annotated=np.zeros(0, np.bool_),
            found_by=np.zeros(0, np.int64),
            **{name: np.zeros((0, *shape), np.float32) for name, shape in shapes.items()},
        )

    @classmethod
    def of(cls, people: People, first_index: int = 0, found_by: FoundBy = FoundBy.DETECTION) -> Self:
        """Return the people of a frame that can be tracked.

        Rows with a value that is not finite in pose, location, joints, cameras or appearance, or with a depth that is
        not positive, are left out: no cost and no prediction could be computed for them. The arrays may be shared
        with ``people``, so they must not be written to.
        """
        rows = _usable(people)
        if len(rows) < len(people):
            people = people.take(rows)
        return cls(
            detection_index=rows + first_index,
            identity=people.identities,
            annotated=people.annotated,
            found_by=np.full(len(people), FOUND_BY.index(found_by), np.int64),
            score=people.detections.scores,
            presence=people.presence,
            box=people.detections.boxes,
            center=people.squares.centers,
            side=people.squares.sides,
            roll=np.zeros(len(people), np.float32) if people.roll is None else people.roll,
            detail=np.tile(UNMEASURED_DETAIL, (len(people), 1)) if people.detail is None else people.detail,
            crop_camera=people.crop_cameras,
            camera=people.cameras,
            joints_3d=people.joints_3d,
            joints_2d=people.joints_2d,
            pose=people.pose,
            location=people.location,
            appearance=people.appearance,
        )

    @classmethod
    def of_records(cls, records: Sequence[TrackedPerson], appearance: Float32) -> Self:
        """Return records as predicted sightings; ``appearance`` is (n, k)."""

        def column(name: str) -> Float32:
            return np.array([getattr(record, name) for record in records], np.float32)

        return cls(
            detection_index=np.full(len(records), -1),
            identity=np.full(len(records), -1),
            annotated=np.zeros(len(records), np.bool_),
            found_by=np.array([FOUND_BY.index(record.found_by) for record in records], np.int64),
            presence=column("presence"),
            roll=np.zeros(len(records), np.float32),
            detail=np.stack([column("sharpness"), column("contrast")], axis=1),
            appearance=appearance,
            **{name: column(name) for name in _RECORDED},
        )

    def record(
        self, row: int, track_id: int, frame_number: int, age: int, confidence: float, *, lost: bool = False
    ) -> TrackedPerson:
        """Return one row as a record; where ``age`` is not 0 it is a predicted or a lost one.

        The arrays are shared and not checked again: they have to be read-only (`protect`).
        """
        missed = PersonState.LOST if lost else PersonState.PREDICTED
        global_orient, body_pose, betas = body_of(self.pose[row])
        return of_checked(
            TrackedPerson,
            track_id=track_id,
            frame_number=frame_number,
            state=missed if age else PersonState.SEEN,
            age=age,
            tracking_confidence=confidence,
            score=float(self.score[row]),
            detection_index=-1 if age else int(self.detection_index[row]),
            box=self.box[row],
            center=self.center[row],
            side=float(self.side[row]),
            global_orient=global_orient,
            body_pose=body_pose,
            betas=betas,
            crop_camera=self.crop_camera[row],
            camera=self.camera[row],
            joints_3d=self.joints_3d[row],
            joints_2d=self.joints_2d[row],
            pose=self.pose[row],
            location=self.location[row],
            appearance=self.appearance[row],
            found_by=FOUND_BY[self.found_by[row]],
            presence=float(self.presence[row]),
            sharpness=float(self.detail[row, 0]),
            contrast=float(self.detail[row, 1]),
            quality=None,
            world=None,
        )


_RECORDED = (
    "score",
    "box",
    "center",
    "side",
    "crop_camera",
    "camera",
    "joints_3d",
    "joints_2d",
    "pose",
    "location",
)
"""Attributes that sightings and records have in common."""


def _usable(people: People) -> Int64:
    """Return the rows whose pose, location and appearance are finite and whose depth is positive."""
    finite = np.ones(len(people), np.bool_)
    for values in (people.pose, people.location, people.appearance, people.cameras, people.crop_cameras):
        finite &= np.isfinite(values).all(axis=1)
    for joints in (people.joints_3d, people.joints_2d):
        finite &= np.isfinite(joints).all(axis=(1, 2))
    return np.flatnonzero(finite & (people.location[:, LOCATION_DEPTH] > 0))
