"""Who walks through the clip, how, where and in which clothes."""

from dataclasses import dataclass

import numpy as np

from samples.light import linear
from samples.people.clothing import Outfit, dressed
from samples.people.figure import Figure, Pose
from samples.people.gait import TOE_OFF, Manner, Walk
from samples.people.leg import Leg
from samples.people.path import Path
from samples.surface import Surface
from tracker_service.body.model import BodyModel
from tracker_service.drawing.mesh import vertex_normals
from tracker_service.types import Float64


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """One person of the clip.

    Attributes:
        identity: number in the ground truth, from 1.
        walk: where the body is at any time.
        outfit: what it wears.
        clothed: (V, 3) rest surface with the clothes on.
        where: (V, 3) rest surface of the mean body, which names the points of the clothes.
    """

    identity: int
    walk: Walk
    outfit: Outfit
    clothed: Float64
    where: Float64

    @property
    def figure(self) -> Figure:
        """The body."""
        return self.walk.figure

    def pose(self, time: float) -> Pose:
        """Return how the body stands ``time`` seconds after the start."""
        return self.walk.pose(time)

    def contacts(self, time: float) -> tuple[bool, bool]:
        """Return whether the left and the right foot are on the ground."""
        manner = self.walk.manner
        travelled = manner.start + manner.speed * time
        left, right = (self.walk.foot(leg, travelled)[3] for leg in (Leg.left(self.figure), Leg.right(self.figure)))
        return left < TOE_OFF, right < TOE_OFF

    def surface(self, time: float) -> Surface:
        """Return the clothed body ``time`` seconds after the start."""
        figure = self.walk.figure
        posed = figure.skinned(self.clothed, self.walk.pose(time))
        return Surface(posed, figure.body.faces, self.where, self.outfit.reflectance)


def cast_people(body: BodyModel) -> list[Actor]:
    """Return the people of the clip.

    1 crosses from the left and is hidden by the stall for a while; 2 passes behind 1 and goes round the young spruce
    to the front; 3 comes out from behind the stall, passes behind 1 and walks up to the viewer and on to the right;
    4 comes late from the left, passes behind 2 and the spruce and ends behind the stall.
    """
    return [
        _actor(body, 1, _RED, (0.33, -1.1, 0, -0.3), [(-3.6, -10.5), (0.0, -10.3), (5.0, -10.4)], Manner(1.14, 1.32)),
        _actor(
            body,
            2,
            _BLUE,
            (0.02, 1.1, 0, 0.2),
            [
                (1.3, -12.2),
                (-1.5, -12.1),
                (-3.3, -11.2),
                (-3.6, -9.6),
                (-3.1, -8.4),
                (-1.9, -7.3),
                (0, -7.2),
                (3, -7.4),
            ],
            Manner(1.27, 1.46, arm_swing=0.36, lean=0.06),
        ),
        _actor(
            body,
            3,
            _YELLOW,
            (0.72, -0.4, 0, -0.2),
            [
                (2.3, -14.2),
                (0.9, -13.0),
                (0.0, -11.2),
                (-0.5, -9.6),
                (-0.4, -8.4),
                (0.4, -7.6),
                (2.0, -7.4),
                (4.0, -7.4),
            ],
            Manner(1.05, 1.16, arm_swing=0.5, elbow=0.55, glance=0.3),
        ),
        _actor(
            body,
            4,
            _GREEN,
            (0.22, 0.5, 0, 0.9),
            [(-9.3, -13.4), (-4.0, -13.2), (2.0, -13.4)],
            Manner(1.1, 1.33, arm_swing=0.33, elbow=0.35, lean=0.03),
        ),
    ]


def _actor(
    body: BodyModel,
    identity: int,
    outfit: Outfit,
    shape: tuple[float, float, float, float],
    stations: list[tuple[float, float]],
    manner: Manner,
) -> Actor:
    figure = Figure.of_shape(body, np.array([*shape, 0, 0, 0, 0, 0, 0]))
    where = body.v_template.astype(np.float64)
    clothed = dressed(figure.vertices, vertex_normals(figure.vertices, body.faces), where, outfit)
    return Actor(identity, Walk(figure, Path.through(stations), manner), outfit, clothed, where)


_RED = Outfit(
    jacket=linear(186, 48, 50),
    yoke=linear(122, 28, 42),
    accent=linear(236, 226, 214),
    trousers=linear(44, 48, 62),
    boots=linear(92, 66, 50),
    gloves=linear(230, 222, 212),
    hat=linear(240, 234, 226),
    hat_band=linear(186, 48, 50),
    hair=linear(92, 56, 34),
    skin=linear(222, 172, 142),
)
_BLUE = Outfit(
    jacket=linear(38, 78, 142),
    yoke=linear(26, 44, 84),
    accent=linear(240, 150, 54),
    trousers=linear(66, 62, 66),
    boots=linear(44, 42, 44),
    gloves=linear(36, 36, 42),
    hat=linear(214, 132, 50),
    hat_band=linear(38, 52, 92),
    hair=linear(48, 34, 26),
    skin=linear(198, 146, 114),
)
_YELLOW = Outfit(
    jacket=linear(232, 178, 48),
    yoke=linear(232, 178, 48),
    accent=linear(60, 64, 78),
    trousers=linear(70, 96, 128),
    boots=linear(60, 48, 46),
    gloves=linear(60, 64, 78),
    hat=linear(58, 132, 132),
    hat_band=linear(240, 236, 226),
    hair=linear(60, 40, 28),
    skin=linear(150, 104, 78),
    goggles=linear(224, 120, 40),
)
_GREEN = Outfit(
    jacket=linear(60, 116, 82),
    yoke=linear(176, 158, 128),
    accent=linear(40, 62, 52),
    trousers=linear(54, 44, 44),
    boots=linear(120, 88, 56),
    gloves=linear(120, 60, 40),
    hat=linear(96, 42, 60),
    hat_band=linear(226, 220, 206),
    hair=linear(170, 160, 150),
    skin=linear(226, 180, 152),
)
