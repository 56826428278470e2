"""Walking without skating: feet are planted on the path, the pelvis travels over them, the legs connect them.

Angles over the gait cycle are rounded from the textbook curves of level walking (Winter, "The Biomechanics and Motor
Control of Human Gait"; Perry, "Gait Analysis"): heel strike at 0, foot flat from 8 to 30 %, toe-off at 62 %.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from samples.people.figure import Figure, Pose
from samples.people.leg import Leg, lowest_point, planted_ankle, two_bone_rotations
from samples.people.path import Path
from samples.rotations import about_x, about_y, about_z
from tracker_service.types import Float64

TOE_OFF = 0.62
"""Share of the cycle at which a foot leaves the ground."""
_STRIKE_AHEAD = 0.25
"""How far ahead of the pelvis a foot is put down, as a share of the stride."""
_CLEARANCE = 0.022
"""Height of the lowest point of a swinging foot above the snow in the middle of the swing, metres."""

_foot_pitch = PchipInterpolator(
    [-0.10, 0.0, 0.08, 0.30, 0.45, 0.55, 0.62, 0.70, 0.80, 0.90, 1.0, 1.08],
    np.radians([-14, -18, 0, 0, 10, 32, 55, 48, 14, -10, -18, 0]),
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody walks.

    Attributes:
        speed: metres per second.
        stride: metres from one heel strike to the next of the same foot; raising it at the same speed slows the steps.
        start: metres along the path at time 0.
        arm_swing: radians to each side; raising it swings the arms wider.
        elbow: radians of bend in the middle of the swing.
        spread: radians between the arms and the body's side; thick jackets need more.
        lean: radians the trunk is bent forward.
        width: metres between the lines of the left and the right foot.
        glance: radians the head turns to and fro.
    """

    speed: float
    stride: float
    start: float = 0.0
    arm_swing: float = 0.42
    elbow: float = 0.45
    spread: float = 0.24
    lean: float = 0.04
    width: float = 0.16
    glance: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """One person's way through the clip."""

    figure: Figure
    path: Path
    manner: Manner

    def pose(self, time: float) -> Pose:
        """Return the pose ``time`` seconds after the start of the clip."""
        travelled = self.manner.start + self.manner.speed * time
        phase = travelled / self.manner.stride
        rotations = np.tile(np.eye(3), (24, 1, 1))
        root, rotations[0] = self._pelvis(travelled, phase)
        self._bend_trunk(rotations, time, phase)
        self._swing_arms(rotations, phase)
        for leg in (Leg.left(self.figure), Leg.right(self.figure)):
            self._place_leg(rotations, root, leg, travelled)
        return Pose(rotations, root)

    def foot(self, leg: Leg, travelled: float) -> tuple[Float64, float, float, float]:
        """Return where a foot is: ankle (3,), heading, pitch, and the phase of its cycle in [0, 1)."""
        stride = self.manner.stride
        offset = 0.0 if leg.side > 0 else 0.5
        cycle = travelled / stride + _STRIKE_AHEAD - offset
        number = float(np.floor(cycle))
        phase = cycle - number
        here = self._planted((number + offset) * stride, leg)
        if phase < TOE_OFF:
            pitch = float(_foot_pitch(phase))
            return planted_ankle(leg, *here, pitch), here[1], pitch, phase
        following = self._planted((number + 1 + offset) * stride, leg)
        return (*self._flying(leg, here, following, phase), phase)

    def _planted(self, distance: float, leg: Leg) -> tuple[Float64, float]:
        """Return the ground point below the ankle of a flat foot, and the foot's heading."""
        heading = float(self.path.heading(distance))
        x, z = self.path.position(distance)
        # The left foot is to the walker's left: with y up and facing z that is +x.
        sideways = leg.side * self.manner.width / 2
        point = np.array([x + sideways * np.cos(heading), 0.0, z - sideways * np.sin(heading)])
        return point, heading + leg.side * 0.1

    def _flying(
        self, leg: Leg, here: tuple[Float64, float], following: tuple[Float64, float], phase: float
    ) -> tuple[Float64, float, float]:
        flown = (phase - TOE_OFF) / (1 - TOE_OFF)
        pitch = float(_foot_pitch(phase))
        start = planted_ankle(leg, *here, float(_foot_pitch(TOE_OFF)))
        end = planted_ankle(leg, *following, float(_foot_pitch(1.0)))
        # Hermite: the foot leaves with some speed and lands almost at rest.
        along = 3 * flown**2 - 2 * flown**3 + 0.75 * (flown - 2 * flown**2 + flown**3) + 0.3 * (flown**3 - flown**2)
        ankle = start + (end - start) * along
        ankle[1] = _CLEARANCE * np.sin(np.pi * flown) ** 2 - lowest_point(leg, pitch, _toe_bend(phase, pitch))
        heading = here[1] + (following[1] - here[1]) * along
        return ankle, heading, pitch

    def _pelvis(self, travelled: float, phase: float) -> tuple[Float64, Float64]:
        heading = float(self.path.heading(travelled))
        x, z = self.path.position(travelled)
        turn = 2 * np.pi * (phase + _STRIKE_AHEAD)
        sway = 0.018 * np.sin(turn - 0.35)
        standing = Leg.left(self.figure).standing_height
        height = standing * (0.968 - 0.014 * np.cos(2 * (turn - 0.45)) - 0.02 * (self.manner.stride / standing - 1.4))
        root = np.array([x + sway * np.cos(heading), height, z - sway * np.sin(heading)])
        yaw, list_, tilt = -0.09 * np.cos(turn), 0.045 * np.sin(turn - 0.2), 0.05
        return root, about_y(heading + yaw) @ about_z(list_) @ about_x(tilt)

    def _bend_trunk(self, rotations: Float64, time: float, phase: float) -> None:
        turn = 2 * np.pi * (phase + _STRIKE_AHEAD)
        counter, list_ = 0.17 * np.cos(turn), -0.045 * np.sin(turn - 0.2)
        bend = (self.manner.lean - 0.05) / 3
        for joint in (3, 6, 9):
            rotations[joint] = about_y(counter / 3) @ about_z(list_ / 3) @ about_x(bend)
        gaze = self.manner.glance * np.sin(0.9 * time + 5 * self.manner.speed)
        for joint in (12, 15):
            rotations[joint] = about_y((gaze - 0.08 * np.cos(turn)) / 2) @ about_x(-self.manner.lean / 2)

    def _swing_arms(self, rotations: Float64, phase: float) -> None:
        turn = 2 * np.pi * (phase + _STRIKE_AHEAD)
        for side, shoulder, elbow, wrist in ((1.0, 16, 18, 20), (-1.0, 17, 19, 21)):
            # Each arm goes with the other side's leg.
            swing = -side * np.cos(turn - 0.15)
            forward = self.manner.arm_swing * swing + 0.03
            down = np.pi / 2 - self.manner.spread
            rotations[shoulder] = about_x(-forward) @ about_z(-side * down)
            bend = self.manner.elbow * (1 + 0.55 * swing)
            rotations[elbow] = about_y(-side * bend)
            rotations[wrist] = about_z(side * 0.1)
            rotations[shoulder - 3] = about_y(side * 0.05 * swing)

    def _place_leg(self, rotations: Float64, root: Float64, leg: Leg, travelled: float) -> None:
        ankle, heading, pitch, phase = self.foot(leg, travelled)
        pelvis = rotations[0]
        hip = root + pelvis @ (leg.hip - self.figure.joints[0])
        toes_ahead = about_y(heading) @ np.array([0.0, 0.0, 1.0])
        thigh, shin = two_bone_rotations(leg, hip, ankle, toes_ahead + pelvis[:, 2])
        foot = about_y(heading) @ about_x(pitch)
        hip_joint, knee, ankle_joint, toe = leg.joints
        rotations[hip_joint] = pelvis.T @ thigh
        rotations[knee] = thigh.T @ shin
        rotations[ankle_joint] = shin.T @ foot
        rotations[toe] = about_x(-_toe_bend(phase, pitch))


def _toe_bend(phase: float, pitch: float) -> float:
    """Return how far the toes are bent up: flat on the ground while they push, straight soon after."""
    relaxed = min(max((phase - TOE_OFF) / 0.14, 0.0), 1.0)
    return max(pitch, 0.0) * (1 - relaxed * relaxed * (3 - 2 * relaxed))
