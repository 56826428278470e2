"""One frame of the clip: the still scene with the people, their shadows and a little camera noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.light import SunMap, ambient_light, developed, softened, sun_light, to_pixels
from samples.scenery.stage import SAMPLING, Stage
from samples.surface import Sight, Surface, see
from tracker_service.types import Bool, Float32, UInt8

_NOISE = 1.1
"""Standard deviation of the camera noise in 8-bit steps; raising it makes the file larger."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonSight:
    """One person in the samples of a frame.

    Attributes:
        sight: the person alone.
        seen: (h, w) bool, samples of ``sight.raster`` in which nothing is in front of the person.
    """

    sight: Sight
    seen: Bool


def person_sights(stage: Stage, surfaces: Sequence[Surface]) -> list[PersonSight]:
    """Return what the camera sees of each person, with the stage and the other people in the way."""
    view = stage.view.zoomed(SAMPLING)
    sights = [see(surface, view) for surface in surfaces]
    nearest = stage.depth.copy()
    for sight in sights:
        np.minimum(nearest[sight.raster.window], sight.raster.depth, out=nearest[sight.raster.window])
    return [
        PersonSight(sight, sight.raster.mask & (sight.raster.depth <= nearest[sight.raster.window])) for sight in sights
    ]


def compose(stage: Stage, surfaces: Sequence[Surface], people: Sequence[PersonSight], number: int) -> UInt8:
    """Return frame ``number`` (which seeds the noise) as (H, W, 3) uint8 RGB."""
    sun_map = stage.sun_map.copy()
    for surface in surfaces:
        sun_map.cast(surface.vertices, surface.faces)
    openness, sun_left = _openness(stage, surfaces)[:, :, None], _sun_left(stage, sun_map)[:, :, None]
    light = stage.ambient * openness + stage.sunlit * sun_left
    _add_people(light, stage, people, sun_map, openness, sun_left)
    values = developed(light)
    grain = np.random.default_rng(number).normal(0, _NOISE, values.shape[:2]).astype(np.float32)
    return to_pixels(values + grain[:, :, None])


def _add_people(
    light: Float32,
    stage: Stage,
    people: Sequence[PersonSight],
    sun_map: SunMap,
    openness: Float32,
    sun_left: Float32,
) -> None:
    """Replace every pixel with people in it by the mean of its samples, theirs and those of the stage."""
    seen = np.zeros(stage.depth.shape, np.bool_)
    colors = np.zeros((*seen.shape, 3), np.float32)
    for person in people:
        window = person.sight.raster.window
        seen[window] |= person.seen
        colors[window][person.seen] = _lit(person, sun_map)
    touched = _by_pixel(seen).any(axis=(2, 3))
    # (pixels, samples down, samples across, colours)
    still = _by_pixel(stage.ambient_samples)[touched] * openness[touched][:, None, None]
    still += _by_pixel(stage.sunlit_samples)[touched] * sun_left[touched][:, None, None]
    mixed = np.where(_by_pixel(seen)[touched][..., None], _by_pixel(colors)[touched], still)
    light[touched] = mixed.mean(axis=(1, 2))


def _lit(person: PersonSight, sun_map: SunMap) -> Float32:
    """Return the light from the seen samples of a person."""
    chosen = person.seen[person.sight.raster.mask]
    normals, positions = person.sight.normals[chosen], person.sight.positions[chosen]
    sun = sun_map.lit(positions, normals, bias=0.02, softness=0.8)[:, None]
    light = ambient_light(normals) + sun_light(normals, wrap=0.12) * sun
    return np.asarray(person.sight.reflectance[chosen] * light, np.float32)


def _by_pixel(samples: NDArray[np.generic]) -> NDArray[Any]:
    """View (H S, W S, ...) samples as (H, W, S, S, ...)."""
    height, width = samples.shape[0] // SAMPLING, samples.shape[1] // SAMPLING
    return samples.reshape(height, SAMPLING, width, SAMPLING, *samples.shape[2:]).swapaxes(1, 2)


def _sun_left(stage: Stage, sun_map: SunMap) -> Float32:
    """Return (H, W) how much of the sun the people leave to the stage."""
    positions = stage.positions
    near = (positions[:, :, 2] > -40) & (stage.sunlit.max(axis=2) > 0)
    left = np.ones(near.shape, np.float32)
    left[near] = sun_map.lit(positions[near], stage.normals[near], bias=0.03)
    return softened(left, 0.8)


def _openness(stage: Stage, surfaces: Sequence[Surface]) -> Float32:
    """Return (H, W) how much of the sky the ground still sees beside boots and legs; all of it where it is not flat."""
    if not stage.flat:
        return np.ones(stage.positions.shape[:2], np.float32)
    cells, origin, resolution = (440, 280), np.array([-11.0, -17.0]), 0.05
    low = np.zeros(cells[::-1], np.float32)
    for surface in surfaces:
        points = np.asarray(surface.vertices)
        points = points[points[:, 1] < 0.45]
        column, row = ((points[:, [0, 2]] - origin) / resolution).astype(np.int64).T
        inside = (column >= 0) & (row >= 0) & (column < cells[0]) & (row < cells[1])
        low[row[inside], column[inside]] = 1.0
    closed = np.clip(0.55 * softened(low, 2.0) + 1.1 * softened(low, 5.0), 0, 0.75)
    positions = stage.positions
    column = ((positions[:, :, 0] - origin[0]) / resolution).astype(np.float32)
    row = ((positions[:, :, 2] - origin[1]) / resolution).astype(np.float32)
    shade = np.asarray(cv2.remap(closed, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32)
    return np.asarray(1 - shade * (positions[:, :, 1] < 0.15), np.float32)
