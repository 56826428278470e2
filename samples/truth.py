"""The exact truth of every frame, and the files it is kept in."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from samples.frame import PersonSight
from samples.people.figure import Figure, Pose
from samples.rasterizer import rasterize
from samples.scenery.stage import SAMPLING
from samples.surface import Surface
from samples.view import View
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.types import Bool, Float32, Float64, Int64, Smpl

COUNTED_VISIBILITY = 0.5
"""People of whom less is seen are marked in ``gt.txt`` as neither to be found nor to be missed."""
_MARGIN = 900
"""Pixels around the image in which people who have not come in yet are measured."""
_PEDESTRIAN, _DISTRACTOR = 1, 8


@dataclass(frozen=True, slots=True, eq=False)
class PersonTruth:
    """The truth about one person in one frame; see `ClipTruth`."""

    body_box: Float32
    visible_box: Float32
    visibility: float
    joints_2d: Float32
    joints_3d: Float32
    root: Float32
    contacts: Bool


class Person(Protocol):
    """Somebody in a clip."""

    @property
    def identity(self) -> int:
        """Number in the ground truth, from 1."""

    @property
    def figure(self) -> Figure:
        """The body."""

    def pose(self, time: float) -> Pose:
        """Return how the body stands ``time`` seconds after the start."""

    def contacts(self, time: float) -> tuple[bool, bool]:
        """Return whether the left and the right foot, or what is under it, are on the ground."""

    def surface(self, time: float) -> Surface:
        """Return the clothed body."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipTruth:
    """The truth about the clip: T frames, n people, in the order of their ids.

    Attributes:
        ids: (n,) int64.
        boxes: (T, n, 4) float32, x1 y1 x2 y2 of the whole clothed body, hidden parts included, also outside the image.
        visible_boxes: (T, n, 4) float32, of the part that is seen; zeros where nothing is.
        visibility: (T, n) float32, seen share of the body's pixels, 0 to 1.
        joints_2d: (T, n, 44, 2) float32, pixels, in the order of HMR2's 44 joints; also of hidden joints.
        joints_3d: (T, n, 44, 3) float32, metres in camera space: x right, y down, z into the scene.
        roots: (T, n, 3) float32, pelvis joint in camera space, metres.
        contacts: (T, n, 2) bool, whether the left and the right foot, or the board under it, are on the ground.
        rotations: (T, 3, 3) float64, world (x right, y up, z to the viewer) to camera space.
        positions: (T, 3) float64, of the camera in the world, metres.
        focal, width, height, fps: of the camera; the principal point is the centre of the image.
    """

    ids: Int64
    boxes: Float32
    visible_boxes: Float32
    visibility: Float32
    joints_2d: Float32
    joints_3d: Float32
    roots: Float32
    contacts: Bool
    rotations: Float64
    positions: Float64
    focal: float
    width: int
    height: int
    fps: int

    @classmethod
    def of_frames(
        cls, frames: Sequence[Sequence[PersonTruth]], actors: Sequence[Person], views: Sequence[View], fps: int
    ) -> Self:
        """Collect the truth of all frames and their views; the people of each are in the order of ``actors``."""

        def stacked(name: str) -> Float32:
            return np.array([[getattr(person, name) for person in frame] for frame in frames], np.float32)

        view = views[0]
        return cls(
            ids=np.array([actor.identity for actor in actors], np.int64),
            boxes=stacked("body_box"),
            visible_boxes=stacked("visible_box"),
            visibility=stacked("visibility"),
            joints_2d=stacked("joints_2d"),
            joints_3d=stacked("joints_3d"),
            roots=stacked("root"),
            contacts=stacked("contacts") > 0,
            rotations=np.array([view.rotation for view in views]),
            positions=np.array([view.position for view in views]),
            focal=view.camera.focal,
            width=view.size[0],
            height=view.size[1],
            fps=fps,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as archive:
            values = {field.name: archive[field.name] for field in fields(cls)}
        scalars = {name: value.item() for name, value in values.items() if value.ndim == 0}
        return cls(**{**values, **scalars})

    def save(self, path: Path) -> None:
        """Write an npz with one array per attribute."""
        arrays: dict[str, Any] = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        np.savez_compressed(path, **arrays)

    def mot_rows(self) -> str:
        """Return the boxes in MOT16's format: frame, id, x, y, width, height, counted, class, visibility.

        Frames and ids count from 1. Boxes are those of the whole body, cut at the border of the image; people outside
        of it have no row. People of whom less than `COUNTED_VISIBILITY` is seen are class 8 (distractor) and not
        counted, so that a box on a hidden person is neither right nor wrong.
        """
        rows = []
        limits = np.array([self.width, self.height, self.width, self.height], np.float32)
        inside = np.clip(self.boxes, 0, limits)
        for frame, person in np.argwhere(self.in_view()):
            x1, y1, x2, y2 = (float(side) for side in inside[frame, person])
            seen = float(self.visibility[frame, person])
            counted = seen >= COUNTED_VISIBILITY
            label = f"{int(counted)},{_PEDESTRIAN if counted else _DISTRACTOR}"
            box = f"{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f}"
            rows.append(f"{frame + 1},{self.ids[person]},{box},{label},{seen:.3f}\n")
        return "".join(rows)

    def in_view(self) -> Bool:
        """Return (T, n), True where at least two pixels of a person's box lie in the image."""
        x1, y1, x2, y2 = np.moveaxis(self.boxes, -1, 0)
        return np.asarray((x2 > 2) & (y2 > 2) & (x1 < self.width - 2) & (y1 < self.height - 2))


def person_truth(actor: Person, time: float, person: PersonSight, view: View) -> PersonTruth:
    """Measure one person of one frame."""
    surface = actor.surface(time)
    pixels = view.project(surface.vertices)
    joints, root = _joints(actor, time, view)
    whole = _covered_samples(surface.vertices, surface.faces, view)
    return PersonTruth(
        body_box=np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]).astype(np.float32),
        visible_box=_visible_box(person),
        visibility=min(1.0, float(person.seen.sum()) / max(whole, 1)),
        joints_2d=view.camera.project(joints).astype(np.float32),
        joints_3d=joints.astype(np.float32),
        root=root.astype(np.float32),
        contacts=np.array(actor.contacts(time)),
    )


def _joints(actor: Person, time: float, view: View) -> tuple[Float64, Float64]:
    """Return the 44 joints and the pelvis in camera space."""
    figure, pose = actor.figure, actor.pose(time)
    in_camera = view.rotation @ pose.rotations[0]
    smpl = Smpl(
        in_camera[None, None].astype(np.float32),
        pose.rotations[None, 1:].astype(np.float32),
        figure.betas[None],
    )
    root = view.to_camera(pose.root)
    # The body model turns about its pelvis joint and leaves it where the rest pose has it.
    joints = figure.body.joints(smpl)[0].astype(np.float64) - figure.joints[0] + root
    return joints, root


def _covered_samples(vertices: NDArray[np.floating], faces: NDArray[np.integer], view: View) -> int:
    """Return how many samples the person would cover alone on an image with wide margins."""
    camera = view.camera.zoomed(SAMPLING)
    shift = _MARGIN * SAMPLING
    shifted = PinholeCamera(camera.focal, camera.center_x + shift, camera.center_y + shift)
    size = ((view.size[0] + 2 * _MARGIN) * SAMPLING, (view.size[1] + 2 * _MARGIN) * SAMPLING)
    return int(rasterize(view.to_camera(vertices), faces, shifted, size).mask.sum())


def _visible_box(person: PersonSight) -> Float32:
    raster = person.sight.raster
    rows, columns = np.flatnonzero(person.seen.any(axis=1)), np.flatnonzero(person.seen.any(axis=0))
    if not len(rows):
        return np.zeros(4, np.float32)
    box = [raster.left + columns[0], raster.top + rows[0], raster.left + columns[-1] + 1, raster.top + rows[-1] + 1]
    return np.asarray(np.divide(box, SAMPLING), np.float32)
