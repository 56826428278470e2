"""The second clip, frame by frame."""

import numpy as np

from samples.frame import compose, person_sights
from samples.jump.panorama import Panorama, turned_view
from samples.jump.rider import Rider
from samples.jump.slope import place
from samples.truth import PersonTruth, person_truth
from samples.view import View
from tracker_service.types import UInt8

FPS = 25
FRAMES = 185
_LAG = 0.12
"""Seconds by which the camera is behind the first rider."""


def camera_view(riders: list[Rider], time: float) -> View:
    """Return where the camera looks: after the first rider, a little late, rolling, never quite steady."""
    weights = np.exp(-0.5 * (np.linspace(-2, 2, 9)) ** 2)
    moments = time - _LAG + 0.09 * np.linspace(-2, 2, 9)
    looks = np.array([riders[0].root(max(moment, 0.0)) - place() for moment in moments])
    bearings = np.arctan2(looks[:, 0], -looks[:, 2])
    elevations = np.arctan2(looks[:, 1], np.hypot(looks[:, 0], looks[:, 2]))
    bearing, elevation = (float(np.average(angles, weights=weights)) for angles in (bearings, elevations))
    hand = np.array(
        [
            0.006 * np.sin(7.1 * time) + 0.004 * np.sin(12.7 * time + 1),
            0.005 * np.sin(8.3 * time + 2) + 0.003 * np.sin(14.9 * time),
        ]
    )
    roll = 0.07 * np.sin(1.3 * time + 0.4) + 0.10 * np.exp(-(((time - 4.2) / 0.5) ** 2)) + 0.01 * np.sin(9.1 * time)
    return turned_view(bearing - 0.04 + hand[0], 0.6 * elevation - 0.005 + hand[1], roll)


def render_jump_frame(panorama: Panorama, riders: list[Rider], number: int) -> tuple[UInt8, list[PersonTruth], View]:
    """Return frame ``number`` (from 0) as (H, W, 3) uint8 RGB, the truth about its people, and its camera."""
    time = number / FPS
    view = camera_view(riders, time)
    stage = panorama.stage(view)
    surfaces = [rider.surface(time) for rider in riders] + [rider.board_surface(time) for rider in riders]
    seen = person_sights(stage, surfaces)
    truth = [person_truth(rider, time, person, view) for rider, person in zip(riders, seen, strict=False)]
    return compose(stage, surfaces, seen, number), truth, view
