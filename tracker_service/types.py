"""What passes between the rooms: frozen dataclasses of numpy arrays, checked when they are built.

Conventions, everywhere:

* boxes are ``x1, y1, x2, y2`` in pixels of the source frame;
* model space is metres, x right, y down, z into the scene (an upright person's head has negative y);
* ``n`` is the number of people in a frame; arrays of one object share it;
* arrays are stored read-only: whoever wants to change one copies it.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError

Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.float64]
Int64: TypeAlias = NDArray[np.int64]
UInt8: TypeAlias = NDArray[np.uint8]
Bool: TypeAlias = NDArray[np.bool_]

NUMBER_OF_JOINTS = 45
"""HMR2's 44 joints and, last, the model origin that PHALP appends."""
POSE_SIZE = 229
"""PHALP pose vector: global_orient 9, body_pose 207, betas 10, camera x, y and z/200."""
LOCATION_SIZE = 99
"""PHALP location vector: 45 (u, v) pairs, then three times the camera."""


Scalar = TypeVar("Scalar", bound=np.generic)


def checked(name: str, value: object, dtype: type[Scalar], shape: tuple[int | None, ...]) -> NDArray[Scalar]:
    """Return ``value`` as a read-only array of ``dtype`` and ``shape`` (None: any length), or raise `ContractError`."""
    array = np.asarray(value, dtype=dtype)
    # The plain comparison settles nearly all calls; a record of one person makes a dozen of them.
    if array.shape != shape and not _fits(array.shape, shape):
        expected = "(" + ", ".join("*" if side is None else str(side) for side in shape) + ")"
        raise ContractError(f"{name}: expected shape {expected}, got {array.shape}")
    view = array.view()
    view.flags.writeable = False
    return view


def _fits(have: tuple[int, ...], want: tuple[int | None, ...]) -> bool:
    return len(have) == len(want) and all(side in (None, length) for length, side in zip(have, want, strict=True))


def _set(instance: object, name: str, value: object) -> None:
    object.__setattr__(instance, name, value)


class _Rows:
    """Parallel arrays of one frame: indexing a row set gives the same kind of object."""

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> Self:
        """Return only ``rows`` (indices or a mask), in the given order."""
        changes: dict[str, Any] = {}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                changes[field.name] = value[rows]
            elif isinstance(value, _Rows):
                changes[field.name] = value.take(rows)
        return replace(self, **changes)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class Detections(_Rows):
    """People found in one frame, best score first.

    Attributes:
        boxes: (n, 4) float32, x1 y1 x2 y2 in source pixels.
        scores: (n,) float32 in [0, 1].
        masks: (n, h, w) uint8, what of each person's own box is the person, 0 to 255; None where the detector gives
            none.
    """

    boxes: Float32
    scores: Float32
    masks: UInt8 | None = None

    def __post_init__(self) -> None:
        _set(self, "boxes", checked("Detections.boxes", self.boxes, np.float32, (None, 4)))
        n = len(self.boxes)
        _set(self, "scores", checked("Detections.scores", self.scores, np.float32, (n,)))
        if self.masks is not None:
            _set(self, "masks", checked("Detections.masks", self.masks, np.uint8, (n, None, None)))
        if not (np.isfinite(self.boxes).all() and np.isfinite(self.scores).all()):
            raise ContractError("Detections: boxes and scores must be finite")
        if (self.boxes[:, 2:] < self.boxes[:, :2]).any():
            raise ContractError("Detections.boxes: expected x1 <= x2 and y1 <= y2, got a reversed box")

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def empty(cls) -> Self:
        """A frame in which nobody was found."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Squares(_Rows):
    """Square crop regions: what each person's crop shows of the frame.

    Attributes:
        centers: (n, 2) float32, x y in source pixels.
        sides: (n,) float32, side length in source pixels, positive.
        angles: (n,) float32, radians; the crop's upward axis is the image's upward axis turned by this angle clockwise.
    """

    centers: Float32
    sides: Float32
    angles: Float32

    def __post_init__(self) -> None:
        _set(self, "centers", checked("Squares.centers", self.centers, np.float32, (None, 2)))
        n = len(self.centers)
        _set(self, "sides", checked("Squares.sides", self.sides, np.float32, (n,)))
        _set(self, "angles", checked("Squares.angles", self.angles, np.float32, (n,)))
        if (self.sides <= 0).any():
            raise ContractError(f"Squares.sides: expected positive lengths, got {float(self.sides.min())}")

    def __len__(self) -> int:
        return len(self.sides)


@dataclass(frozen=True, slots=True)
class Smpl(_Rows):
    """SMPL parameters as rotation matrices.

    Attributes:
        global_orient: (n, 1, 3, 3) float32, rotation of the pelvis.
        body_pose: (n, 23, 3, 3) float32, rotations of joints 1 to 23 relative to their parents.
        betas: (n, 10) float32, shape coefficients.
    """

    global_orient: Float32
    body_pose: Float32
    betas: Float32

    def __post_init__(self) -> None:
        _set(self, "global_orient", checked("Smpl.global_orient", self.global_orient, np.float32, (None, 1, 3, 3)))
        n = len(self.global_orient)
        _set(self, "body_pose", checked("Smpl.body_pose", self.body_pose, np.float32, (n, 23, 3, 3)))
        _set(self, "betas", checked("Smpl.betas", self.betas, np.float32, (n, 10)))

    def __len__(self) -> int:
        return len(self.betas)


@dataclass(frozen=True, slots=True)
class People(_Rows):
    """Everything known about the people of one frame before they are associated with tracks.

    Attributes:
        detections: the n boxes and scores.
        squares: the n crop squares (PHALP's "padded boxes": centre and side).
        smpl: the n bodies.
        crop_cameras: (n, 3) float32, weak-perspective (s, tx, ty) of the upright square.
        cameras: (n, 3) float32, translation in the full frame for focal length 5000/256 * max(W, H).
        joints_3d: (n, 45, 3) float32, metres, model space; the last is the origin.
        joints_2d: (n, 45, 2) float32, source pixels.
        pose: (n, 229) float32, PHALP pose vector (phalp.md section 3).
        location: (n, 99) float32, PHALP location vector ("loca").
        appearance: (n, k) float32, appearance embedding; k is the model set's.
        presence: (n,) float32 in [0, 1], the body model's own belief that a person is there.
        identities: (n,) int64, given ground-truth ids, -1 where unknown.
        annotated: (n,) bool, True confirms a track at once (given boxes with a class).
        uv_maps: (n, 4, 256, 256) float32 texture maps (texture mode), else None.
    """

    detections: Detections
    squares: Squares
    smpl: Smpl
    crop_cameras: Float32
    cameras: Float32
    joints_3d: Float32
    joints_2d: Float32
    pose: Float32
    location: Float32
    appearance: Float32
    presence: Float32
    identities: Int64
    annotated: Bool
    uv_maps: Float32 | None = None

    def __post_init__(self) -> None:
        n = len(self.detections)
        for name in ("squares", "smpl"):
            if len(getattr(self, name)) != n:
                raise ContractError(f"People.{name}: expected {n} rows, got {len(getattr(self, name))}")
        shapes: dict[str, tuple[int | None, ...]] = {
            "crop_cameras": (n, 3),
            "cameras": (n, 3),
            "joints_3d": (n, NUMBER_OF_JOINTS, 3),
            "joints_2d": (n, NUMBER_OF_JOINTS, 2),
            "pose": (n, POSE_SIZE),
            "location": (n, LOCATION_SIZE),
            "appearance": (n, None),
            "presence": (n,),
        }
        for name, shape in shapes.items():
            _set(self, name, checked(f"People.{name}", getattr(self, name), np.float32, shape))
        _set(self, "identities", checked("People.identities", self.identities, np.int64, (n,)))
        _set(self, "annotated", checked("People.annotated", self.annotated, np.bool_, (n,)))
        if self.uv_maps is not None:
            _set(self, "uv_maps", checked("People.uv_maps", self.uv_maps, np.float32, (n, 4, None, None)))

    def __len__(self) -> int:
        return len(self.detections)


class PersonState(StrEnum):
    """Whether a person was detected in this frame or is carried on by prediction."""

    SEEN = "seen"
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True)
class TrackedPerson:
    """One person of one frame, with an identity.

    Attributes:
        track_id: identity, from 1.
        frame_number: the frame this record belongs to.
        state: seen or predicted.
        age: frames since the person was last seen; 0 when seen.
        tracking_confidence: 1.0 when seen, strictly below 1 and falling with age when predicted.
        score: detection score when last seen.
        detection_index: row in the frame's people when seen, -1 when predicted.
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

    def __post_init__(self) -> None:
        shapes: dict[str, tuple[int | None, ...]] = {
            "box": (4,),
            "center": (2,),
            "global_orient": (1, 3, 3),
            "body_pose": (23, 3, 3),
            "betas": (10,),
            "crop_camera": (3,),
            "camera": (3,),
            "joints_3d": (NUMBER_OF_JOINTS, 3),
            "joints_2d": (NUMBER_OF_JOINTS, 2),
            "pose": (POSE_SIZE,),
            "location": (LOCATION_SIZE,),
            "appearance": (None,),
        }
        for name, shape in shapes.items():
            _set(self, name, checked(f"TrackedPerson.{name}", getattr(self, name), np.float32, shape))
        if (self.state is PersonState.SEEN) != (self.age == 0):
            raise ContractError(f"TrackedPerson: state {self.state} does not go with age {self.age}")


@dataclass(frozen=True, slots=True)
class DroppedDetections:
    """How many boxes each gate of one frame removed.

    Attributes:
        low_score: below the score threshold.
        small: narrower or lower than the size gates.
        absent: the body model saw no person in the crop (presence gate).
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
        image: (H, W, 3) uint8 RGB, upright (rotation metadata applied).
    """

    number: int
    timestamp: float
    image: UInt8

    def __post_init__(self) -> None:
        _set(self, "image", checked("Frame.image", self.image, np.uint8, (None, None, 3)))


@dataclass(frozen=True, slots=True)
class FrameResult:
    """Everything said about one frame; exactly one exists per frame of the source, also when nobody is in it.

    Attributes:
        frame_number: index of the frame.
        timestamp: seconds since the first frame of the source.
        width, height: source frame size in pixels.
        persons: confirmed people, seen and predicted, in order of track id.
        shot: True on the first frame of a new shot.
        dropped: boxes that the gates removed.
    """

    frame_number: int
    timestamp: float
    width: int
    height: int
    persons: tuple[TrackedPerson, ...]
    shot: bool = False
    dropped: DroppedDetections = DroppedDetections()
