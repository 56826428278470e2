"""The still part of the clip: everything but the people, lit once, ready for people and their shadows."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from samples.light import HAZE_COLOR, SunMap, ambient_light, sun_light
from samples.scenery.hut import fence, snowboards, stall
from samples.scenery.noise import Noise
from samples.scenery.terrain import Terrain
from samples.scenery.trees import spruce
from samples.surface import Sight, Surface, see
from samples.view import View
from tracker_service.types import Float32, Float64

WIDTH, HEIGHT = 1280, 720
SAMPLING = 2
"""Samples along each side of a pixel; raising it smooths outlines and costs its square."""
_FOCAL = 1580.0
_HAZE_LENGTH = 15000.0


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The lit scene without people.

    Attributes:
        view: the camera.
        depth: (2H, 2W) float32, metres along the optical axis, of every sample.
        ambient_samples: (2H, 2W, 3) light from sky and snow.
        sunlit_samples: (2H, 2W, 3) light from the sun, which people can take away.
        ambient, sunlit: (H, W, 3) the same, averaged over the pixels.
        positions: (H, W, 3) world positions of the pixels, for shadows.
        normals: (H, W, 3) world normals of the pixels.
        sun_map: what stands in the sun.
        flat: people stand on the plane y = 0, on which their boots leave less light of the sky.
    """

    view: View
    depth: Float32
    ambient_samples: Float32
    sunlit_samples: Float32
    ambient: Float32
    sunlit: Float32
    positions: Float32
    normals: Float32
    sun_map: SunMap
    flat: bool = True


def build_stage() -> Stage:
    """Build and light the scene."""
    terrain = Terrain.seeded(5)
    things = _things(terrain)
    sun_map = SunMap.empty((0.0, 0.0, -9.0), 60.0, 0.025)
    for thing in things:
        sun_map.cast(thing.vertices, thing.faces)
    return lit_stage(clip_view(), terrain, terrain.surface(), things, sun_map)


def lit_stage(
    view: View,
    terrain: Terrain,
    ground_surface: Surface,
    things: Sequence[Surface],
    sun_map: SunMap,
    *,
    flat: bool = True,
) -> Stage:
    """Light what a view sees.

    Args:
        view: the view.
        terrain: the ground.
        ground_surface: it, as triangles.
        things: what stands on it.
        sun_map: where they take the sun away.
        flat: as in `Stage`.
    """
    canvas = _Canvas.of_sky(view.zoomed(SAMPLING))
    ground = see(ground_surface, canvas.view)
    bumped = Sight(
        ground.raster, ground.reflectance, terrain.bumped(ground.normals, ground.positions), ground.positions
    )
    canvas.add(bumped, sun_map)
    for thing in things:
        canvas.add(see(thing, canvas.view), sun_map)
    return Stage(
        view,
        canvas.depth,
        canvas.ambient,
        canvas.sunlit,
        _small(canvas.ambient, view),
        _small(canvas.sunlit, view),
        canvas.positions(),
        canvas.normals[1::SAMPLING, 1::SAMPLING],
        sun_map,
        flat,
    )


def _small(image: Float32, view: View) -> Float32:
    return np.asarray(cv2.resize(image, view.size, interpolation=cv2.INTER_AREA), np.float32)


def clip_view() -> View:
    """Return the camera of the clip: at eye height, tilted slightly down."""
    return View.looking(np.array([0.0, 1.85, 0.0]), np.array([0.0, 1.22, -10.0]), _FOCAL, (WIDTH, HEIGHT))


def _things(terrain: Terrain) -> list[Surface]:
    things = stall((1.72, -8.75), 0.16)
    things += snowboards([(0.25, -14.75, 1.50, (30, 120, 160)), (-1.9, -14.7, 1.64, (214, 120, 40))])
    posts = [(x, -15.0 + 0.12 * np.sin(x)) for x in np.arange(-9.0, 9.1, 1.8)]
    things += fence([(float(x), float(terrain.height(x, z)), float(z)) for x, z in posts])
    things.append(spruce(np.array([-1.95, -0.05, -8.4]), 2.35, 11, whorls=38, branches=14, slender=0.26, snow=0.5))
    random = np.random.default_rng(21)
    for x, away, height in _forest(random):
        base = np.array([x, float(terrain.height(x, -away)) - 0.3, -away])
        dense = away < 30
        things.append(
            spruce(base, height, int(random.integers(1 << 30)), whorls=34 if dense else 24, branches=11 if dense else 8)
        )
    return things


def _forest(random: np.random.Generator) -> list[tuple[float, float, float]]:
    """Return (x, distance, height) of the trees behind the promenade; the middle stays open to the mountains."""
    trees = [
        (-7.6, 17.5, 7.5),
        (-9.4, 20.0, 10.0),
        (-5.6, 21.5, 5.2),
        (7.4, 18.5, 7.0),
        (9.6, 21.0, 10.5),
        (5.3, 24.0, 5.0),
    ]
    while len(trees) < 95:
        away = float(random.uniform(26, 115))
        side = float(random.choice([-1, 1]))
        x = side * away * float(random.uniform(0.13, 0.52) ** 0.9)
        trees.append((x, away, float(random.uniform(5, 12))))
    return sorted(trees, key=lambda tree: -tree[1])


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """Light and depth of every sample, filled surface by surface."""

    view: View
    depth: Float32
    ambient: Float32
    sunlit: Float32
    normals: Float32

    @classmethod
    def of_sky(cls, view: View) -> "_Canvas":
        width, height = view.size
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        rays = view.rays(x, y)
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        depth = np.full((height, width), np.inf, np.float32)
        return cls(view, depth, _sky(rays), np.zeros_like(rays, np.float32), np.zeros_like(rays, np.float32))

    def add(self, sight: Sight, sun_map: SunMap) -> None:
        """Light a surface and put it where it is the nearest so far."""
        window, mask = sight.raster.window, sight.raster.mask
        depth = self.depth[window]
        nearer = mask & (sight.raster.depth < depth)
        chosen = nearer[mask]
        if not chosen.any():
            return
        normals, positions = sight.normals[chosen], sight.positions[chosen]
        reflectance = sight.reflectance[chosen]
        far = sight.raster.depth[nearer][:, None]
        clear = np.exp(-far / _HAZE_LENGTH)
        shadow = np.ones(len(positions), np.float32)
        near = positions[:, 2] > -45
        shadow[near] = sun_map.lit(positions[near], normals[near], bias=0.03)
        self.normals[window][nearer] = normals
        depth[nearer] = sight.raster.depth[nearer]
        self.ambient[window][nearer] = reflectance * ambient_light(normals) * clear + HAZE_COLOR * (1 - clear)
        self.sunlit[window][nearer] = reflectance * sun_light(normals) * shadow[:, None] * clear

    def positions(self) -> Float32:
        """Return the (H, W, 3) world positions at the middle of the pixels."""
        width, height = self.view.size
        x, y = np.meshgrid(np.arange(1, width, SAMPLING) + 0.5, np.arange(1, height, SAMPLING) + 0.5)
        depth = self.depth[1::SAMPLING, 1::SAMPLING, None]
        return np.asarray(self.view.position + self.view.rays(x, y) * np.minimum(depth, 1e5), np.float32)


def _sky(rays: Float64) -> Float32:
    up = np.clip(rays[:, :, 1:2], 0, 1)
    zenith, horizon = np.array([0.17, 0.36, 0.78]), np.array([0.66, 0.80, 0.97])
    blue = horizon + (zenith - horizon) * np.clip(up * 4.2, 0, 1) ** 0.55
    # Thin clouds on a plane far above.
    height = np.maximum(up[:, :, 0], 0.02)
    veil = Noise.fractal(9, coarsest=4, octaves=6, persistence=0.55)
    x, z = rays[:, :, 0] / height, rays[:, :, 2] / height
    cover = np.clip(0.55 * veil.at(x + 0.6 * z, 0.45 * z, 22.0) - 0.15, 0, 1) * np.clip(up[:, :, 0] * 14, 0, 1)
    sky = blue + (np.array([1.0, 1.0, 1.02]) - blue) * 0.75 * cover[:, :, None]
    return np.asarray(sky * 1.12, np.float32)
