"""People with an identity, and the frames they are in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np

from tracker_service.errors import ContractError
from tracker_service.types.arrays import Float32, UInt8, assign, checked, with_values
from tracker_service.types.calibration import Calibration, FocalLength
from tracker_service.types.camera import CameraMotion
from tracker_service.types.phalp_vectors import LOCATION_SIZE, NUMBER_OF_JOINTS, POSE_SIZE
from tracker_service.types.picture import Picture
from tracker_service.types.quality import PoseQuality
from tracker_service.types.shown_html import ShownInNotebooks
from tracker_service.types.smpl import BETAS_SHAPE, BODY_POSE_SHAPE, GLOBAL_ORIENT_SHAPE
from tracker_service.types.world import PersonWorld

USUAL_RATE = 30.0
"""Frames a second where nothing tells."""


class PersonState(StrEnum):
    """Whether a person was found in this frame, is predicted, or is only carried along without evidence."""

    SEEN = "seen"
    PREDICTED = "predicted"
    LOST = "lost"


class FoundBy(StrEnum):
    """How a person was last found: by the detector, by one of its low-score boxes, or by a second look at the frame."""

    DETECTION = "detection"
    LOW_SCORE = "low_score"
    SECOND_LOOK = "second_look"


@dataclass(frozen=True, slots=True)
class TrackedPerson:
    """One person of one frame, with an identity.

    Attributes:
        track_id: identity, from 1.
        frame_number: the frame this record belongs to.
        state: seen, predicted or lost; a lost person's pose is predicted too, but the evidence speaks against it.
        age: frames since the person was last seen; 0 when seen.
        tracking_confidence: 1.0 when seen, strictly below 1 and falling with age when predicted.
        score: detection score when last seen.
        detection_index: row in the frame's people when seen, -1 when predicted; low-score people and then those of the
            second look are counted after the others.
        box: (4,) float32, x1 y1 x2 y2; moved with the prediction when predicted.
        center: (2,) float32, centre of the crop square, source pixels.
        side: side of the crop square, source pixels.
        global_orient: (1, 3, 3) float32.
        body_pose: (23, 3, 3) float32.
        betas: (10,) float32.
        crop_camera: (3,) float32, (s, tx, ty).
        camera: (3,) float32, translation in the full frame.
        joints_3d: (45, 3) float32, model space.
        joints_2d: (45, 2) float32, source pixels.
        pose: (229,) float32, PHALP pose vector.
        location: (99,) float32, PHALP location vector.
        appearance: (k,) float32.
        found_by: how the person was found when last seen.
        presence: the body model's confidence that it saw a person when last seen, [0, 1].
        sharpness, contrast: of the picture of the person when last seen; see `tracker_service.quality.image_detail`.
        quality: how far the pose can be believed; None until it was judged.
        world: where the person is in the world; None before the frame is finished, and where nobody follows the camera.
    """

    track_id: int
    frame_number: int
    state: PersonState
    age: int
    tracking_confidence: float
    score: float
    detection_index: int
    box: Float32
    center: Float32
    side: float
    global_orient: Float32
    body_pose: Float32
    betas: Float32
    crop_camera: Float32
    camera: Float32
    joints_3d: Float32
    joints_2d: Float32
    pose: Float32
    location: Float32
    appearance: Float32
    found_by: FoundBy = FoundBy.DETECTION
    presence: float = 1.0
    sharpness: float = 1.0
    contrast: float = 255.0
    quality: PoseQuality | None = None
    world: PersonWorld | None = None

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            assign(self, name, checked(f"TrackedPerson.{name}", getattr(self, name), np.float32, shape))
        if (self.state is PersonState.SEEN) != (self.age == 0):
            raise ContractError(f"TrackedPerson: state {self.state} does not go with age {self.age}")

    def with_quality(self, quality: PoseQuality) -> Self:
        """Return the person with what was judged of the pose."""
        return with_values(self, quality=quality)

    def with_world(self, world: PersonWorld) -> Self:
        """Return the person with the place in the world."""
        return with_values(self, world=world)


_SHAPES: dict[str, tuple[int | None, ...]] = {
    "box": (4,),
    "center": (2,),
    "global_orient": GLOBAL_ORIENT_SHAPE,
    "body_pose": BODY_POSE_SHAPE,
    "betas": BETAS_SHAPE,
    "crop_camera": (3,),
    "camera": (3,),
    "joints_3d": (NUMBER_OF_JOINTS, 3),
    "joints_2d": (NUMBER_OF_JOINTS, 2),
    "pose": (POSE_SIZE,),
    "location": (LOCATION_SIZE,),
    "appearance": (None,),
}


@dataclass(frozen=True, slots=True)
class DroppedDetections:
    """How many boxes each gate of one frame removed.

    Attributes:
        low_score: below the score threshold.
        small: narrower or lower than the size gates.
        absent: the body model saw no person in the crop: below the presence gate, or it continued no track and lacks
            the evidence to start one.
        duplicate: another box shows the same person with a higher score.
    """

    low_score: int = 0
    small: int = 0
    absent: int = 0
    duplicate: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded video frame.

    Attributes:
        number: index among the frames of the source, from 0.
        timestamp: seconds since the first frame of the source.
        picture: the frame, upright (rotation metadata applied).
        shot: True on the first frame of a new shot.
        focal: focal length of its camera, where that is known of this very frame.
    """

    number: int
    timestamp: float
    picture: Picture
    shot: bool = False
    focal: FocalLength | None = None

    @property
    def image(self) -> UInt8:
        """(H, W, 3) uint8 RGB of the whole frame, which is made when somebody asks for it."""
        return self.picture.pixels()


@dataclass(frozen=True, slots=True)
class FrameResult(ShownInNotebooks):
    """The result of one frame; exactly one exists per frame of the source, also when nobody is in it.

    Attributes:
        frame_number: index of the frame.
        timestamp: seconds since the first frame of the source.
        width, height: source frame size in pixels.
        persons: confirmed people, seen and predicted, in order of track id.
        shot: True on the first frame of a new shot.
        dropped: boxes that the gates removed.
        camera_motion: how the camera moved since the frame before; None where it was not followed.
        calibration: the camera, None where its focal length is not known.
    """

    frame_number: int
    timestamp: float
    width: int
    height: int
    persons: tuple[TrackedPerson, ...]
    shot: bool = False
    dropped: DroppedDetections = DroppedDetections()
    camera_motion: CameraMotion | None = None
    calibration: Calibration | None = None
