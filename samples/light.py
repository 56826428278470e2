"""A low winter sun, a blue sky and the glow of the snow; and how light becomes pixel values."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.rasterizer import rasterize
from samples.view import View
from tracker_service.types import Float32, Float64, UInt8

SUN = np.array([-0.74, 0.52, 0.50]) / np.linalg.norm([-0.74, 0.52, 0.50])
"""Direction towards the sun: from the left, behind the camera."""
SUN_COLOR = np.array([1.0, 0.90, 0.75], np.float32) * 2.3
SKY_COLOR = np.array([0.47, 0.60, 0.88], np.float32) * 1.05
SNOW_GLOW = np.array([0.80, 0.80, 0.84], np.float32) * 0.75
HAZE_COLOR = np.array([0.62, 0.76, 0.95], np.float32) * 1.15
_EXPOSURE = 0.70
_SUN_DISTANCE = 400.0


def ambient_light(normals: NDArray[np.floating]) -> Float32:
    """Return the (..., 3) light from sky and snow on surfaces with (..., 3) world normals."""
    up = (0.5 + 0.5 * np.asarray(normals[..., 1:2], np.float32)).astype(np.float32)
    return np.asarray(SKY_COLOR * up + SNOW_GLOW * (1 - up), np.float32)


def sun_light(normals: NDArray[np.floating], *, wrap: float = 0.0) -> Float32:
    """Return the (..., 3) light of the unshadowed sun; raising ``wrap`` lets it reach round the edge, as in cloth."""
    cosine = np.asarray(normals, np.float32) @ SUN.astype(np.float32)
    return np.asarray(np.maximum((cosine + wrap) / (1 + wrap), 0)[..., None] * SUN_COLOR, np.float32)


def linear(*srgb: int) -> Float32:
    """Return the light a surface reflects from its colour as picked on a screen, 0 to 255."""
    value = np.asarray(srgb, np.float32) / 255
    return np.asarray(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4), np.float32)


def developed(light: Float32) -> Float32:
    """Turn light into pixel values 0 to 255 (float): a soft shoulder instead of clipping, then sRGB's curve."""
    exposed = np.maximum(light, 0) * _EXPOSURE
    # Narkowicz' fit of the ACES film curve.
    film = exposed * (2.51 * exposed + 0.03) / (exposed * (2.43 * exposed + 0.59) + 0.14)
    film = np.clip(film, 0, 1)
    return np.asarray(255 * np.where(film <= 0.0031308, 12.92 * film, 1.055 * film ** (1 / 2.4) - 0.055), np.float32)


def to_pixels(values: Float32) -> UInt8:
    """Round to uint8."""
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class SunMap:
    """Distance from the sun to the first surface, on a grid square to its rays.

    Attributes:
        view: the sun's view.
        depth: (h, w) float32 metres; infinite where nothing stands.
    """

    view: View
    depth: Float32

    @classmethod
    def empty(cls, center: tuple[float, float, float], extent: float, resolution: float) -> "SunMap":
        """Return the map of an empty world, ``extent`` metres wide around ``center``, in cells of ``resolution``."""
        side = round(extent / resolution)
        view = View.looking(
            np.asarray(center) + _SUN_DISTANCE * SUN, np.asarray(center), _SUN_DISTANCE / resolution, (side, side)
        )
        return cls(view, np.full((side, side), np.inf, np.float32))

    def cast(self, vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> None:
        """Add a surface that throws shadow."""
        raster = rasterize(self.view.to_camera(vertices), faces, self.view.camera, self.view.size, cull=False)
        np.minimum(self.depth[raster.window], raster.depth, out=self.depth[raster.window])

    @property
    def resolution(self) -> float:
        """Side of a cell, metres."""
        return _SUN_DISTANCE / self.view.camera.focal

    def copy(self) -> "SunMap":
        """Return a map that can be added to without changing this one."""
        return SunMap(self.view, self.depth.copy())

    def cells(self, points: NDArray[np.floating]) -> tuple[Float32, Float32, Float32]:
        """Return column, row and depth of (p, 3) world points."""
        seen = self.view.to_camera(points)
        pixels = self.view.camera.project(seen)
        return pixels[:, 0].astype(np.float32), pixels[:, 1].astype(np.float32), seen[:, 2].astype(np.float32)

    def lit(
        self,
        points: NDArray[np.floating],
        normals: NDArray[np.floating],
        *,
        bias: float = 0.03,
        softness: float = 1.5,
    ) -> Float32:
        """Return (p,) how much of the sun reaches points of a surface, 0 to 1.

        Args:
            points: (p, 3) world positions.
            normals: (p, 3) of the surface there.
            bias: metres a surface must be nearer to the sun to throw shadow; raising it loses fine shadows.
            softness: cells over which the edge of a shadow is spread.
        """
        # A slanted surface is seen at several depths within one cell: lift the point until it clears them all.
        slant = np.sqrt(np.clip(1 - (normals @ SUN) ** 2, 0, 1))
        lift = (softness + 1.0) * self.resolution * slant
        column, row, depth = self.cells(points + normals * lift[:, None])
        total = np.zeros(len(column), np.float32)
        offsets: Float64 = np.array([(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0, 0)]) * softness * 2
        for dx, dy in offsets:
            blocker = self._lookup(column + np.float32(dx), row + np.float32(dy))
            total += blocker > depth - bias
        return np.asarray(total / len(offsets), np.float32)

    def _lookup(self, column: Float32, row: Float32) -> Float32:
        height, width = self.depth.shape
        x, y = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        found = np.full(len(x), np.inf, np.float32)
        found[inside] = self.depth[y[inside], x[inside]]
        return found


def softened(mask: Float32, sigma: float) -> Float32:
    """Return an image blurred by ``sigma`` pixels."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32)
