"""The people of one frame before they are associated with tracks."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError
from tracker_service.types.arrays import Bool, Float32, Int64, Rows, UInt8, assign, checked, checked_exact
from tracker_service.types.phalp_vectors import LOCATION_SIZE, NUMBER_OF_JOINTS, POSE_SIZE
from tracker_service.types.smpl import Smpl


@dataclass(frozen=True, slots=True)
class Detections(Rows):
    """People found in one frame, best score first, or given for it.

    Attributes:
        boxes: (n, 4) float32, x1 y1 x2 y2 in source pixels.
        scores: (n,) float32 in [0, 1].
        masks: (n, h, w) uint8, what of each person's own box is the person, 0 to 255; None where the detector gives
            none. Masks of another type are refused, because their numbers mean something else.
        identities: (n,) int64, given identities, -1 where unknown; None where none were given.
        annotated: (n,) bool, True confirms a person's track at once; None for nobody.

    Raises:
        ContractError: shapes do not go together, a number is not finite, a box is reversed, or masks or identities are
            of another type.
    """

    boxes: Float32
    scores: Float32
    masks: UInt8 | None = None
    identities: Int64 | None = None
    annotated: Bool | None = None

    def __post_init__(self) -> None:
        assign(self, "boxes", checked("Detections.boxes", self.boxes, np.float32, (None, 4)))
        n = len(self.boxes)
        assign(self, "scores", checked("Detections.scores", self.scores, np.float32, (n,)))
        if self.masks is not None:
            assign(self, "masks", checked_exact("Detections.masks", self.masks, np.uint8, (n, None, None)))
        if self.identities is not None:
            if (given := np.asarray(self.identities)).size and given.dtype.kind not in "iu":
                raise ContractError(f"Detections.identities: expected whole numbers, got {given.dtype}")
            assign(self, "identities", checked("Detections.identities", self.identities, np.int64, (n,)))
        if self.annotated is not None:
            assign(self, "annotated", checked("Detections.annotated", self.annotated, np.bool_, (n,)))
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
class Squares(Rows):
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
        assign(self, "centers", checked("Squares.centers", self.centers, np.float32, (None, 2)))
        n = len(self.centers)
        assign(self, "sides", checked("Squares.sides", self.sides, np.float32, (n,)))
        assign(self, "angles", checked("Squares.angles", self.angles, np.float32, (n,)))
        if (self.sides <= 0).any():
            raise ContractError(f"Squares.sides: expected positive lengths, got {float(self.sides.min())}")

    def __len__(self) -> int:
        return len(self.sides)


@dataclass(frozen=True, slots=True)
class People(Rows):
    """Everything known about the people of one frame before they are associated with tracks.

    Attributes:
        detections: the n boxes and scores.
        squares: the n crop squares (PHALP's "padded boxes": centre and side).
        smpl: the n bodies.
        crop_cameras: (n, 3) float32, weak-perspective (s, tx, ty) of the upright square.
        cameras: (n, 3) float32, translation in the full frame for a focal length of `FOCAL_OVER_SIZE` * max(W, H).
        joints_3d: (n, 45, 3) float32, metres, model space; the last is the origin.
        joints_2d: (n, 45, 2) float32, source pixels.
        pose: (n, 229) float32, PHALP pose vector; layout in `tracker_service.types.phalp_vectors`.
        location: (n, 99) float32, PHALP location vector ("loca").
        appearance: (n, k) float32, appearance embedding; k is the model set's.
        presence: (n,) float32 in [0, 1], the body model's own confidence that a person is there; 0 for shadows.
        identities: (n,) int64, given ground-truth ids, -1 where unknown.
        annotated: (n,) bool, True confirms a track at once (given boxes with a class).
        uv_maps: (n, 4, 256, 256) float32 texture maps (texture mode), else None.
        roll: (n,) float32 radians, in-plane turn of the crop each body was estimated from (as `Squares.angles`, which
            are zero here, because everything has been turned back); None where all crops were upright.
        detail: (n, 2) float32, sharpness and contrast of the picture of each person, see
            `tracker_service.quality.image_detail`; None where they were not measured.
        other_turns: those who may be turned another way up, None where nobody is in doubt.
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
    roll: Float32 | None = None
    detail: Float32 | None = None
    other_turns: "OtherTurns | None" = None

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
            assign(self, name, checked(f"People.{name}", getattr(self, name), np.float32, shape))
        assign(self, "identities", checked("People.identities", self.identities, np.int64, (n,)))
        assign(self, "annotated", checked("People.annotated", self.annotated, np.bool_, (n,)))
        if self.uv_maps is not None:
            assign(self, "uv_maps", checked("People.uv_maps", self.uv_maps, np.float32, (n, 4, None, None)))
        if self.roll is not None:
            assign(self, "roll", checked("People.roll", self.roll, np.float32, (n,)))
        if self.detail is not None:
            assign(self, "detail", checked("People.detail", self.detail, np.float32, (n, 2)))

    def __len__(self) -> int:
        return len(self.detections)

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> Self:
        """Return only ``rows`` (indices or a mask), in the given order; who is in doubt stays so."""
        taken = Rows.take(self, rows)
        if self.other_turns is None:
            return taken
        return replace(taken, other_turns=self.other_turns.among(np.arange(len(self))[rows]))


@dataclass(frozen=True, slots=True)
class OtherTurns:
    """Some people of a frame as they are if they are turned another way up than reported.

    Attributes:
        of: (m,) int64 rows of the frame's people, ascending.
        lead: (m,) float32 how much better the reported turn agrees with the picture, not negative;
            `tracker_service.people.alignment` has the units.
        people: the m people, with the same boxes.
    """

    of: Int64
    lead: Float32
    people: People

    def __post_init__(self) -> None:
        m = len(self.people)
        assign(self, "of", checked("OtherTurns.of", self.of, np.int64, (m,)))
        assign(self, "lead", checked("OtherTurns.lead", self.lead, np.float32, (m,)))

    def among(self, rows: Int64) -> "OtherTurns | None":
        """Return those of ``rows``, counted as these rows are; None where none of them is in doubt."""
        places = {row: place for place, row in enumerate(rows.tolist())}
        kept = np.array([row in places for row in self.of.tolist()], np.bool_)
        if not kept.any():
            return None
        of = np.array([places[row] for row in self.of[kept].tolist()], np.int64)
        order = np.argsort(of)
        chosen = np.flatnonzero(kept)[order]
        return OtherTurns(of[order], self.lead[chosen], self.people.take(chosen))
