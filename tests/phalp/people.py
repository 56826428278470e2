"""Synthetic people for tests of the tracker: standing bodies with a position, a depth and a look."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from tracker_service.phalp.rotations import rotation_matrices
from tracker_service.types import Bool, Detections, Float32, Float64, Int64, People, Smpl, Squares

FRAME_SIZE = (1280, 720)
_FOCAL = 5000 / 256 * 1280
_HEIGHT = 1.7


@dataclass(frozen=True)
class Person:
    """Someone in front of the camera.

    Attributes:
        x: pixels from the left.
        y: pixels from the top.
        depth: metres.
        look: number the appearance is drawn from.
        turn: rotation about the vertical axis, radians.
        score: detection score.
        identity: given identity.
        annotated: confirms the track at once.
        swing: rotation of the left knee, radians.
        cut: part of the detected box that something hides, from below.
        presence: the body model's confidence that the crop shows a person.
    """

    x: float
    y: float = 360
    depth: float = 60
    look: int = 0
    turn: float = 0.0
    score: float = 0.9
    identity: int = -1
    annotated: bool = False
    swing: float = 0.0
    cut: float = 0.0
    presence: float = 1.0


def walker(time: int, **changes: Any) -> Person:
    """Return someone who walks to the right, 8 pixels a frame."""
    return Person(x=200 + 8 * time, **changes)


def people(*persons: Person, uv_maps: Float32 | None = None) -> People:
    """Return the people of a frame."""
    n = len(persons)
    origin = _column(persons, "x", "y")
    depth = _column(persons, "depth")
    cameras = np.concatenate([(origin - np.array(FRAME_SIZE) / 2) * depth / _FOCAL, depth], axis=1).astype(np.float32)
    half = np.array([0.3, 1.0]) * _HEIGHT / 2 * _FOCAL / depth
    hidden = 2 * half * _column(persons, "cut") * [0, 1]
    vectors = np.zeros((n, 24, 3))
    vectors[:, 0, 1] = _column(persons, "turn")[:, 0]
    vectors[:, 4, 0] = _column(persons, "swing")[:, 0]
    rotations = rotation_matrices(vectors).astype(np.float32)
    joints_3d = np.linspace(-0.8, 0, 45)[:, None] * np.array([0.1, 1, 0]) + np.zeros((n, 1, 1))
    points = joints_3d + cameras[:, None]
    uv = points[..., :2] / points[..., 2:] * 5000 / 256 + 0.5
    squares = Squares(origin.astype(np.float32), 2 * half[:, 1].astype(np.float32), np.zeros(n, np.float32))
    return People(
        detections=Detections(
            np.concatenate([origin - half, origin + half - hidden], axis=1).astype(np.float32), _scores(persons)
        ),
        squares=squares,
        smpl=Smpl(rotations[:, :1], rotations[:, 1:], np.zeros((n, 10), np.float32)),
        crop_cameras=np.tile(np.array([0.9, 0, 0], np.float32), (n, 1)),
        cameras=cameras,
        joints_3d=joints_3d.astype(np.float32),
        joints_2d=(uv * 1280 - (1280 - np.array(FRAME_SIZE)) / 2).astype(np.float32),
        pose=np.concatenate(
            [rotations.reshape(n, 216), np.zeros((n, 10)), cameras / [1, 1, 200]], axis=1, dtype=np.float32
        ),
        location=np.concatenate([uv.reshape(n, 90), cameras, cameras, cameras], axis=1, dtype=np.float32),
        appearance=_looks(persons),
        presence=np.array([person.presence for person in persons], np.float32),
        identities=_identities(persons),
        annotated=_annotated(persons),
        uv_maps=uv_maps,
    )


@cache
def nobody() -> People:
    """Return an empty frame."""
    return people()


def with_values(given: People, **changes: Any) -> People:
    """Return ``given`` with other arrays."""
    return replace(given, **changes)


def _column(persons: Sequence[Person], *names: str) -> Float64:
    return np.array([[getattr(person, name) for name in names] for person in persons], float).reshape(-1, len(names))


def _scores(persons: Sequence[Person]) -> Float32:
    return np.array([person.score for person in persons], np.float32)


def _looks(persons: Sequence[Person]) -> Float32:
    return np.array([_look(person.look) for person in persons], np.float32).reshape(-1, 16)


@cache
def _look(number: int) -> Float64:
    return np.random.default_rng(number).normal(size=16) * 100


def _identities(persons: Sequence[Person]) -> Int64:
    return np.array([person.identity for person in persons], np.int64)


def _annotated(persons: Sequence[Person]) -> Bool:
    return np.array([person.annotated for person in persons], np.bool_)
