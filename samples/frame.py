"""One frame of the clip: the still scene with the people, their shadows and a little camera noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from samples.light import SunMap, ambient_light, developed, softened, sun_light, to_pixels
from samples.stage import SAMPLING, Stage
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
    light = (
        stage.ambient * _openness(stage, surfaces)[:, :, None] + stage.sunlit * _sun_left(stage, sun_map)[:, :, None]
    )
    for person in people:
        _add_person(light, person, sun_map)
    values = developed(light)
    grain = np.random.default_rng(number).normal(0, _NOISE, values.shape[:2]).astype(np.float32)
    return to_pixels(values + grain[:, :, None])


def _add_person(light: Float32, person: PersonSight, sun_map: SunMap) -> None:
    raster = person.sight.raster
    chosen = person.seen[raster.mask]
    if not chosen.any():
        return
    normals, positions = person.sight.normals[chosen], person.sight.positions[chosen]
    sun = sun_map.lit(positions, normals, bias=0.02, softness=0.8)[:, None]
    colors = np.zeros((*person.seen.shape, 3), np.float32)
    lit = ambient_light(normals) + sun_light(normals, wrap=0.12) * sun
    colors[person.seen] = person.sight.reflectance[chosen] * lit
    coverage, colors = _to_pixels_of(raster.left, raster.top, person.seen.astype(np.float32), colors)
    left, top = raster.left // SAMPLING, raster.top // SAMPLING
    region = light[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    # ``colors`` is already weighted by coverage: uncovered samples are black in it.
    region *= 1 - coverage[:, :, None]
    region += colors


def _to_pixels_of(left: int, top: int, coverage: Float32, colors: Float32) -> tuple[Float32, Float32]:
    """Average samples into whole pixels."""
    height, width = coverage.shape
    before_x, before_y = left % SAMPLING, top % SAMPLING
    after_x, after_y = -(left + width) % SAMPLING, -(top + height) % SAMPLING
    margins = ((before_y, after_y), (before_x, after_x))
    coverage = np.pad(coverage, margins)
    colors = np.pad(colors, (*margins, (0, 0)))
    size = (coverage.shape[1] // SAMPLING, coverage.shape[0] // SAMPLING)
    small_coverage = cv2.resize(coverage, size, interpolation=cv2.INTER_AREA)
    small_colors = cv2.resize(colors, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small_coverage, np.float32), np.asarray(small_colors, np.float32)


def _sun_left(stage: Stage, sun_map: SunMap) -> Float32:
    """Return (H, W) how much of the sun the people leave to the stage."""
    positions = stage.positions
    near = (positions[:, :, 2] > -40) & (stage.sunlit.max(axis=2) > 0)
    left = np.ones(near.shape, np.float32)
    left[near] = sun_map.lit(positions[near], stage.normals[near], bias=0.03)
    return softened(left, 0.8)


def _openness(stage: Stage, surfaces: Sequence[Surface]) -> Float32:
    """Return (H, W) how much of the sky the ground still sees beside boots and legs."""
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
