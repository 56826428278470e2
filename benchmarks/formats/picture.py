"""Draw the axes of the formats for docs/formats.md: ``python -m benchmarks.formats.picture FILE.png``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tracker_service.drawing.palette import WHITE, Color, mixed, track_color
from tracker_service.results.formats.bodies.skeleton import rest_pose
from tracker_service.settings import load_settings
from tracker_service.types import Float64, UInt8
from tracker_service.wiring.models import load_body

_WIDTH, _HEIGHT, _SCALE = 680, 480, 175
_AXIS_COLORS: tuple[Color, ...] = ((214, 60, 50), (40, 150, 60), (50, 90, 210))
_GREY: Color = (90, 90, 90)
_VIEW: Float64 = Rotation.from_euler("yx", [-32, 20], degrees=True).as_matrix()
_BEYOND: Float64 = np.array([62.0, 18.0])
"""Pixels from the end of an arrow to the middle of its name."""
_BESIDE: Float64 = np.array([-72.0, -16.0])
_LIGHT: Float64 = np.array([0.3, 0.6, 0.74])


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One set of axes, drawn beside a body in the rest pose that faces the viewer.

    Attributes:
        title: formats.
        axes: (3, 3) rows: where x, y and z point in exported files' own axes.
        names: what each axis is.
        body: (3,) where the pelvis stands, metres.
        camera: whether the origin is the camera.
        at: (3,) where the axes are drawn.
    """

    title: str
    axes: Float64
    names: tuple[str, str, str]
    body: Float64
    camera: bool
    at: Float64


_PANELS = (
    Panel(
        "glb, bvh, csv, trc, usd, rrd",
        np.eye(3),
        ("x  right", "y  up", "z  to the viewer"),
        np.array([0.35, 0.1, -2.2]),
        True,
        np.zeros(3),
    ),
    Panel(
        "npz (AMASS)",
        np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
        ("x  right", "y  away", "z  up"),
        np.array([0.35, 0.1, -2.2]),
        True,
        np.zeros(3),
    ),
    Panel(
        "mot: axes of the pelvis",
        np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
        ("x  ahead", "y  up", "z  to its right"),
        np.array([0.2, 0.2, -0.4]),
        False,
        np.array([0.2, 0.2, -0.4]),
    ),
)


def picture() -> UInt8:
    """Return all panels side by side, (H, W, 3) uint8 RGB."""
    body = load_body(load_settings({}))
    rest = rest_pose(np.zeros(10, np.float32))
    vertices = (body.vertices(rest)[0] - body.smpl_joints(rest)[0, 0]).astype(np.float64)
    return np.concatenate([_panel(panel, vertices, body.faces) for panel in _PANELS], axis=1)


def _panel(panel: Panel, vertices: Float64, faces: NDArray[np.int64]) -> UInt8:
    canvas = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    _draw_body(canvas, vertices + panel.body, faces)
    for direction, name, color in zip(panel.axes, panel.names, _AXIS_COLORS, strict=True):
        start, end = _seen(panel.at), _seen(panel.at + 0.85 * direction)
        cv2.arrowedLine(canvas, _pixel(start), _pixel(end), color, 3, cv2.LINE_AA, tipLength=0.12)
        away = (end - start) / max(float(np.linalg.norm(end - start)), 1.0)
        _write(canvas, name, end + away * _BEYOND, color)
    if panel.camera:
        cv2.circle(canvas, _pixel(_seen(panel.at)), 9, _GREY, -1, cv2.LINE_AA)
        _write(canvas, "first camera", _seen(panel.at) + _BESIDE, _GREY)
    _write(canvas, panel.title, np.array([_WIDTH / 2, 36.0]), (20, 20, 20), 0.85)
    return canvas


def _draw_body(canvas: UInt8, vertices: Float64, faces: NDArray[np.int64]) -> None:
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    depth = (corners @ _VIEW.T)[..., 2].mean(axis=1)
    for face in np.argsort(depth):
        if (_VIEW @ normals[face])[2] <= 0:
            continue
        color = mixed(track_color(1), WHITE, 0.15 + 0.6 * max(float(_LIGHT @ normals[face]), 0.0))
        cv2.fillConvexPoly(canvas, np.array([_pixel(_seen(corner)) for corner in corners[face]]), color, cv2.LINE_AA)


def _seen(point: Float64) -> Float64:
    """Return the pixel of a point, from obliquely above and without perspective."""
    x, y, _ = _VIEW @ point
    return np.array([_WIDTH * 0.4 + _SCALE * x, _HEIGHT * 0.62 - _SCALE * y])


def _pixel(place: Float64) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _write(canvas: UInt8, text: str, middle: Float64, color: Color, size: float = 0.62) -> None:
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    where = round(float(middle[0]) - width / 2), round(float(middle[1]) + height / 2)
    cv2.putText(canvas, text, where, cv2.FONT_HERSHEY_SIMPLEX, size, color, 1, cv2.LINE_AA)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    cv2.imwrite(str(parser.parse_args(arguments).file), picture()[:, :, ::-1])


if __name__ == "__main__":
    main()
