"""What a camera sees that turns on its spot: cut out of a few wide still stages around it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.jump.slope import build_slope, place
from samples.scenery.stage import SAMPLING, Stage
from samples.view import View
from tracker_service.types import Float32, Float64

SIZE = (960, 540)
FOCAL = 1300.0
_TILE = (1280, 1040)
_BEARINGS = (-0.66, 0.02, 0.70)
"""Where the wide stages look, radians from straight ahead to the right."""


def turned_view(bearing: float, elevation: float, roll: float, size: tuple[int, int] = SIZE) -> View:
    """Return the view that looks somewhere.

    Args:
        bearing: radians from straight ahead to the right.
        elevation: radians above the horizon.
        roll: radians by which the camera is turned clockwise about its axis, as the photographer sees it.
        size: of the image, pixels.
    """
    here = place()
    flat = np.cos(elevation)
    ahead = np.array([flat * np.sin(bearing), np.sin(elevation), -flat * np.cos(bearing)])
    upright = View.looking(here, here + ahead, FOCAL, size)
    c, s = np.cos(roll), np.sin(roll)
    tilt = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    return View(tilt @ upright.rotation, here, upright.camera, size)


class Panorama:
    """The wide stages; each is built when something of it is first seen.

    Args:
        views: where they look, all from the same place; together they see everything that is asked for. None takes
            those of the clip.
    """

    def __init__(self, views: Sequence[View] | None = None) -> None:
        self._views = views or [turned_view(bearing, 0.02, 0.0, _TILE) for bearing in _BEARINGS]
        self._stages: dict[int, Stage] = {}

    def stage(self, view: View) -> Stage:
        """Return what a view from the same place sees, as a stage."""
        fine = view.zoomed(SAMPLING)
        nearest, coarse_nearest = self._nearest(fine), self._nearest(view)
        depth = np.full(nearest.shape, np.inf, np.float32)
        ambient = np.zeros((*nearest.shape, 3), np.float32)
        sunlit = np.zeros_like(ambient)
        positions = np.zeros((*coarse_nearest.shape, 3), np.float32)
        normals = np.zeros_like(positions)
        for tile in np.unique(nearest).tolist():
            stage = self._stage(tile)
            there, there_coarse = nearest == tile, coarse_nearest == tile
            to_fine = _mapping(stage.view.zoomed(SAMPLING), fine)
            to_coarse = _mapping(stage.view, view)
            ambient[there] = _warped(stage.ambient_samples, to_fine, fine.size, cv2.INTER_LINEAR)[there]
            sunlit[there] = _warped(stage.sunlit_samples, to_fine, fine.size, cv2.INTER_LINEAR)[there]
            far = _warped(stage.depth, to_fine, fine.size, cv2.INTER_NEAREST)
            depth[there] = (far / _along(stage.view, _rays(fine)))[there]
            positions[there_coarse] = _warped(stage.positions, to_coarse, view.size, cv2.INTER_NEAREST)[there_coarse]
            normals[there_coarse] = _warped(stage.normals, to_coarse, view.size, cv2.INTER_NEAREST)[there_coarse]
        return Stage(
            view,
            depth,
            ambient,
            sunlit,
            np.asarray(cv2.resize(ambient, view.size, interpolation=cv2.INTER_AREA), np.float32),
            np.asarray(cv2.resize(sunlit, view.size, interpolation=cv2.INTER_AREA), np.float32),
            positions,
            normals,
            self._stage(int(nearest[nearest.shape[0] // 2, nearest.shape[1] // 2])).sun_map,
            flat=False,
        )

    def _stage(self, tile: int) -> Stage:
        if tile not in self._stages:
            self._stages[tile] = build_slope(self._views[tile])
        return self._stages[tile]

    def _nearest(self, view: View) -> NDArray[np.integer]:
        """Return for every pixel the wide stage whose middle is nearest."""
        rays = _rays(view)
        return np.asarray(np.argmax([_along(tile, rays) for tile in self._views], axis=0))


def _rays(view: View) -> Float64:
    width, height = view.size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return view.rays(x, y)


def _along(view: View, rays: Float64) -> Float32:
    """Return how far each ray of another view goes along the axis of this one."""
    return np.asarray(rays @ view.rotation[2], np.float32)


def _mapping(source: View, target: View) -> Float64:
    """Return the homography from pixels of the target, named by their centres, to those of the source."""

    def intrinsic(view: View) -> Float64:
        camera = view.camera
        return np.array(
            [[camera.focal, 0, camera.center_x - 0.5], [0, camera.focal, camera.center_y - 0.5], [0, 0, 1.0]]
        )

    turn = source.rotation @ target.rotation.T
    return np.asarray(intrinsic(source) @ turn @ np.linalg.inv(intrinsic(target)), np.float64)


def _warped(image: Float32, mapping: Float64, size: tuple[int, int], how: int) -> Float32:
    flags = how | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpPerspective(image, mapping, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
