"""Somebody on a snowboard: down the piste, over the kicker, turning in the air about a slanted axis, and to a halt."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation

from samples.jump.slope import LINE, LIP, ground_frame
from samples.light import linear
from samples.people.clothing import Outfit, dressed
from samples.people.figure import Figure, Pose
from samples.people.leg import Leg, two_bone_rotations
from samples.rotations import about_x, about_y, about_z
from samples.scenery.shapes import Shape
from samples.surface import Surface
from tracker_service.body.model import BodyModel
from tracker_service.drawing.mesh import vertex_normals
from tracker_service.types import Float32, Float64

_GRAVITY = 9.81
_FLIGHT = 1.08
"""Seconds in the air."""
_LANDING = 7.2
"""Metres along the line from the lip to where the board comes down."""
_STANCE = 0.25
"""Metres from the middle of the board to each foot."""
_BOARD = 0.014
"""Thickness of the board, metres."""
# Metres along the line by second of the ride, up to the lip at 3.55 s and from the landing on.
_BEFORE = PchipInterpolator([0.0, 1.0, 2.0, 3.0, 3.55], [0.2, 5.0, 10.4, 16.35, LIP])
_LIP_TIME = 3.55
_AFTER = PchipInterpolator(
    np.array([0.0, 0.5, 1.1, 1.7, 2.4, 4.5]), LIP + _LANDING + np.array([0.0, 3.1, 5.7, 7.2, 7.9, 8.0])
)
# How high the pelvis is above the board, metres: crouched before the lip, stretched at it, soft at the landing.
_HEIGHT = PchipInterpolator(
    [0.0, 1.5, 2.7, 3.2, 3.52, 3.85, 4.3, 4.6, 4.85, 5.4, 6.4, 8.0],
    [0.66, 0.62, 0.66, 0.52, 0.74, 0.50, 0.52, 0.70, 0.50, 0.62, 0.66, 0.76],
)
# Radians that the board points away from the way it takes: it is pulled across to stop.
_SLIP = PchipInterpolator([0.0, 4.63, 5.3, 6.3, 6.9, 9.0], [0.0, 0.0, 0.0, 1.25, 1.4, 1.4])
# Radians by which the board is on its edge, heels or toes.
_EDGE = PchipInterpolator(
    [0.0, 0.9, 1.8, 2.7, 3.3, 4.63, 5.2, 5.9, 6.7, 9.0], [0.0, 0.22, -0.20, 0.12, 0.0, 0.0, -0.05, -0.38, -0.20, -0.05]
)
# How far the turn in the air has come: begun on the lip, finished at the landing.
_TURN = PchipInterpolator([0.0, 0.12, 0.5, 0.9, 1.0], [0.0, 0.06, 0.52, 0.96, 1.0])


@dataclass(frozen=True, eq=False)
class Rider:
    """One person of the second clip.

    Attributes:
        identity: number in the ground truth, from 1.
        figure: the body.
        outfit: what it wears.
        clothed: (V, 3) rest surface with the clothes on.
        start: seconds after the beginning of the clip at which the ride begins.
        turns: whole turns in the air.
        slant: radians between the axis of the turn and the vertical; raising it turns the rider upside down.
        aside: metres to the left of the line.
        board: reflectance (3,) of the board.
    """

    identity: int
    figure: Figure
    outfit: Outfit
    clothed: Float64
    start: float
    turns: float
    slant: float
    aside: float
    board: Float32

    def pose(self, time: float) -> Pose:
        """Return how the body stands ``time`` seconds after the beginning of the clip."""
        ride = time - self.start
        middle, axes = self.placed(time)
        air, crouch = self._air(ride), self._crouch(ride)
        root = middle + axes @ self._root(ride)
        rotations = np.tile(np.eye(3), (24, 1, 1))
        pelvis = axes @ about_y(0.25) @ about_x(0.28 * crouch)
        rotations[0] = pelvis
        for joint in (3, 6, 9):
            rotations[joint] = about_y(0.12) @ about_x(0.10 + 0.17 * crouch)
        for joint in (12, 15):
            # The head looks where the ride goes.
            rotations[joint] = about_y(0.30) @ about_x(-0.10 - 0.22 * crouch)
        self._hold_arms(rotations, ride, air)
        for leg in (Leg.left(self.figure), Leg.right(self.figure)):
            self._place_leg(rotations, root, leg, middle, axes)
        return Pose(rotations, root)

    def root(self, time: float) -> Float64:
        """Return where the pelvis joint is, (3,), as in `pose`."""
        middle, axes = self.placed(time)
        return np.asarray(middle + axes @ self._root(time - self.start))

    def contacts(self, time: float) -> tuple[bool, bool]:
        """Return whether the board under the left and the right foot is on the snow: both, but in the air."""
        on_snow = not 0 < time - self.start - _LIP_TIME < _FLIGHT
        return on_snow, on_snow

    def surface(self, time: float) -> Surface:
        """Return the clothed body."""
        posed = self.figure.skinned(self.clothed, self.pose(time))
        where = self.figure.body.v_template.astype(np.float64)
        return Surface(posed, self.figure.body.faces, where, self.outfit.reflectance)

    def board_surface(self, time: float) -> Surface:
        """Return the snowboard."""
        middle, axes = self.placed(time)
        rest, faces = _board_shape()
        color = self.board

        def paint(where: Float32, _: Float32) -> Float32:
            stripe = np.abs(where[:, 0] - 0.25 * np.sin(9 * where[:, 2])) < 0.1
            return np.where(stripe[:, None], np.minimum(color * 1.8 + 0.2, 0.9), color).astype(np.float32)

        return Surface(rest @ axes.T + middle, faces, rest, paint, smooth=False)

    def placed(self, time: float) -> tuple[Float64, Float64]:
        """Return the middle of the board (3,) and its axes (3, 3): to the nose, up, to the right of the nose.

        They are those of the body, too: its left is towards the nose, its front to the right of it.
        """
        ride = max(time - self.start, 0.0)
        if not 0 < ride - _LIP_TIME < _FLIGHT:
            return self._on_snow(ride)
        part = (ride - _LIP_TIME) / _FLIGHT
        (_, before), (_, after) = self._lip, self._landing
        between = Rotation.from_matrix(before.T @ after).as_rotvec()
        steady = before @ Rotation.from_rotvec(between * part).as_matrix()
        # Frontside: the nose turns to the heels, about an axis that leans towards the tail.
        axis = np.array([-np.sin(self.slant), np.cos(self.slant), 0.0])
        turned = steady @ Rotation.from_rotvec(axis * 2 * np.pi * self.turns * float(_TURN(part))).as_matrix()
        return self._flown(part) - turned @ self._pelvis(ride), turned

    def _flown(self, part: float) -> Float64:
        """Return where the pelvis flies: evenly, and falling."""
        start = self._pelvis_on_snow(self._lip, _LIP_TIME)
        end = self._pelvis_on_snow(self._landing, _LIP_TIME + _FLIGHT)
        place = start + (end - start) * part
        place[1] += _GRAVITY / 2 * _FLIGHT**2 * part * (1 - part)
        return place

    def _pelvis(self, ride: float) -> Float64:
        return np.array([0.0, float(_HEIGHT(ride)), 0.0])

    def _pelvis_on_snow(self, placed: tuple[Float64, Float64], ride: float) -> Float64:
        middle, axes = placed
        return np.asarray(middle + axes @ self._pelvis(ride))

    @cached_property
    def _lip(self) -> tuple[Float64, Float64]:
        return self._on_snow(_LIP_TIME)

    @cached_property
    def _landing(self) -> tuple[Float64, Float64]:
        return self._on_snow(_LIP_TIME + _FLIGHT)

    def _on_snow(self, ride: float) -> tuple[Float64, Float64]:
        flown = ride - _LIP_TIME - _FLIGHT
        distance = float(_BEFORE(ride)) if flown < 0 else float(_AFTER(flown))
        heading = float(LINE.heading(distance))
        x, z = LINE.position(distance)
        x, z = x + self.aside * np.cos(heading), z - self.aside * np.sin(heading)
        middle, axes = ground_frame(float(x), float(z), heading - float(_SLIP(ride)))
        edged = axes @ about_x(float(_EDGE(ride)))
        return middle + axes[:, 1] * (_BOARD / 2 + 0.10 * abs(np.sin(float(_EDGE(ride))))), edged

    def _crouch(self, ride: float) -> float:
        """Return how deep the body is between stretched, 0, and low, 1."""
        return (0.76 - float(_HEIGHT(ride))) / 0.26

    def _root(self, ride: float) -> Float64:
        """Return where the pelvis joint is to the board: up, and over the edge that the board is on."""
        edge = float(_EDGE(ride)) * (1 - self._air(ride))
        return np.array([0.0, float(_HEIGHT(ride)), -0.10 * self._crouch(ride) - 0.30 * edge])

    def _air(self, ride: float) -> float:
        """Return how much of the posture is that of the air, 0 to 1."""
        return float(np.clip(min(ride - _LIP_TIME, _LIP_TIME + _FLIGHT - ride) / 0.2, 0, 1))

    def _hold_arms(self, rotations: Float64, ride: float, air: float) -> None:
        balance = 0.18 * np.sin(2.6 * ride + self.identity)
        for side, shoulder, elbow in ((1.0, 16, 18), (-1.0, 17, 19)):
            down = (0.95 + side * balance) * (1 - air) + air * (0.25 if side < 0 else 1.05)
            ahead = 0.25 + 0.45 * air * (side > 0)
            rotations[shoulder] = about_x(-0.1) @ about_y(-side * ahead) @ about_z(-side * down)
            rotations[elbow] = about_y(-side * (0.55 - 0.25 * air))

    def _place_leg(self, rotations: Float64, root: Float64, leg: Leg, middle: Float64, axes: Float64) -> None:
        sole = float(-leg.heel[1])
        ankle = middle + axes @ np.array([leg.side * _STANCE, sole + _BOARD / 2, 0.06])
        foot = axes @ about_y(leg.side * (0.26 if leg.side > 0 else 0.12))
        hip = root + rotations[0] @ (leg.hip - self.figure.joints[0])
        thigh, shin = two_bone_rotations(leg, hip, ankle, foot[:, 2] + 0.15 * leg.side * axes[:, 0])
        hip_joint, knee, ankle_joint, _ = leg.joints
        rotations[hip_joint] = rotations[0].T @ thigh
        rotations[knee] = thigh.T @ shin
        rotations[ankle_joint] = shin.T @ foot


def cast_riders(body: BodyModel) -> list[Rider]:
    """Return the people of the second clip: the first turns about a slanted axis, the second follows and jumps."""
    return [
        _rider(body, 1, _ORANGE, (0.5, -0.6, 0, 0.3), 0.0, 1.0, 0.95, 0.0, linear(30, 120, 160)),
        _rider(body, 2, _TEAL, (0.1, 0.4, 0, -0.4), 1.05, 0.0, 0.0, 0.25, linear(206, 196, 60)),
    ]


def _rider(
    body: BodyModel,
    identity: int,
    outfit: Outfit,
    shape: tuple[float, float, float, float],
    start: float,
    turns: float,
    slant: float,
    aside: float,
    board: Float32,
) -> Rider:
    figure = Figure.of_shape(body, np.array([*shape, 0, 0, 0, 0, 0, 0]))
    where = body.v_template.astype(np.float64)
    clothed = dressed(figure.vertices, vertex_normals(figure.vertices, body.faces), where, outfit)
    return Rider(identity, figure, outfit, clothed, start, turns, slant, aside, board)


def _board_shape() -> Shape:
    """Return a snowboard: nose along x, up along y, its ends bent up."""
    columns, rows = 25, 7
    u = np.linspace(-1, 1, columns)
    half = 0.145 * np.clip(1 - np.abs(u) ** 7, 0, 1) ** 0.5
    lift = 0.13 * np.clip((np.abs(u) - 0.74) / 0.26, 0, 1) ** 2
    v = np.linspace(-1, 1, rows)
    x, z = np.broadcast_to(0.77 * u[:, None], (columns, rows)), half[:, None] * v
    y = np.broadcast_to(lift[:, None], (columns, rows))
    top = np.stack([x, y + _BOARD / 2, z], axis=-1).reshape(-1, 3)
    bottom = np.stack([x, y - _BOARD / 2, z], axis=-1).reshape(-1, 3)
    grid = np.arange(columns * rows).reshape(columns, rows)
    a, b, c, d = (part.ravel() for part in (grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]))
    up = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
    down = up[:, ::-1] + columns * rows
    return np.concatenate([top, bottom]), np.concatenate([up, down])


_ORANGE = Outfit(
    jacket=linear(226, 96, 40),
    yoke=linear(60, 52, 70),
    accent=linear(240, 226, 200),
    trousers=linear(52, 66, 92),
    boots=linear(44, 42, 44),
    gloves=linear(40, 40, 46),
    hat=linear(236, 232, 224),
    hat_band=linear(226, 96, 40),
    hair=linear(70, 46, 30),
    skin=linear(214, 164, 134),
    goggles=linear(70, 110, 190),
)
_TEAL = Outfit(
    jacket=linear(36, 132, 128),
    yoke=linear(30, 60, 84),
    accent=linear(236, 206, 120),
    trousers=linear(120, 100, 78),
    boots=linear(60, 48, 42),
    gloves=linear(206, 60, 60),
    hat=linear(60, 52, 64),
    hat_band=linear(236, 206, 120),
    hair=linear(40, 30, 26),
    skin=linear(170, 120, 92),
    goggles=linear(224, 120, 40),
)
