"""What people have put into the snow: a wooden stall, snowboards, a rope fence, a bench."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from samples.light import linear
from samples.rotations import about_x, about_y, about_z
from samples.scenery.noise import Noise
from samples.scenery.shapes import Shape, ball, box, cylinder, joined, moved
from samples.surface import Paint, Surface
from tracker_service.types import Float32, Float64

_WOOD = linear(150, 104, 68)
_DARK_WOOD = linear(92, 62, 44)
_SNOW = linear(242, 243, 248)
_STALL_HALF_WIDTH = 0.62
_BOARD = 0.145
"""Width of a board, metres."""
_GRAIN = Noise.fractal(77, coarsest=8, octaves=5)


def stall(center: tuple[float, float], heading: float) -> list[Surface]:
    """Return a stall that sells hot drinks, its counter towards ``heading`` (radians, 0 to the viewer)."""
    turn = about_y(heading)
    place = (center[0], 0.0, center[1])

    def put(shape: Shape) -> Shape:
        return moved(shape, turn, place)

    w = _STALL_HALF_WIDTH
    walls = box((-w, 0.0, -0.62), (w, 2.12, 0.62))
    frame = joined(
        [
            box((-w - 0.05, 0.0, 0.58), (-w + 0.07, 2.12, 0.67)),
            box((w - 0.07, 0.0, 0.58), (w + 0.05, 2.12, 0.67)),
            box((-w - 0.05, 1.0, 0.58), (w + 0.05, 1.09, 0.86)),
            box((-w - 0.05, 2.02, 0.58), (w + 0.05, 2.14, 0.67)),
        ]
    )
    opening = box((-w + 0.07, 1.09, 0.61), (w - 0.07, 2.02, 0.632))
    roof = moved(box((-w - 0.22, 0.0, -0.86), (w + 0.22, 0.09, 0.96)), about_x(0.16), (0.0, 2.19, 0.0))
    pillow = moved(_rounded_slab(w + 0.24, 0.93, 0.17), about_x(0.16), (0.0, 2.30, 0.05))
    parts = [
        _painted(put(walls), _boards),
        _painted(put(frame), _plain(_DARK_WOOD)),
        _painted(put(opening), _interior(turn, place)),
        _painted(put(roof), _plain(_DARK_WOOD)),
        _painted(put(pillow), _plain(_SNOW), smooth=True),
        _awning(turn, place),
    ]
    cups = [cylinder((x, 1.09, 0.75), (x, 1.20, 0.75), 0.04, 0.05) for x in (-0.45, -0.32, 0.30)]
    return [*parts, _painted(put(joined(cups)), _plain(linear(200, 62, 52)), smooth=True)]


def snowboards(at: Sequence[tuple[float, float, float, tuple[int, int, int]]]) -> list[Surface]:
    """Return boards put down at the fence; each is (x, z, turn from upright, colour)."""
    boards = []
    for x, z, lean, color in at:
        outline = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        # A superellipse: straight edges, round nose and tail.
        wide = 0.14 * np.sign(np.cos(outline)) * np.abs(np.cos(outline)) ** 0.6
        long = 0.76 + 0.76 * np.sign(np.sin(outline)) * np.abs(np.sin(outline)) ** 0.55
        centered = np.stack([wide, long - 0.76], axis=1)
        shape = moved(_plate(centered, 0.012), about_x(-0.45) @ about_z(lean), (x, 0.26, z))
        boards.append(_painted(shape, _striped(linear(*color), x), smooth=False))
    return boards


def fence(stations: Sequence[tuple[float, float, float]]) -> list[Surface]:
    """Return posts at (x, ground, z) with snow caps and a sagging rope between them."""
    posts, caps, ropes = [], [], []
    for x, ground, z in stations:
        posts.append(cylinder((x, ground - 0.1, z), (x, ground + 0.80, z), 0.042, 0.038, 8))
        # Taller caps on the posts look like heads, also to detectors.
        caps.append(ball((x, ground + 0.805, z), (0.06, 0.028, 0.06), 6, 10))
    for (x0, y0, z0), (x1, y1, z1) in pairwise(stations):
        t = np.linspace(0, 1, 7)
        points = np.stack(
            [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + 0.64 - 0.13 * np.sin(np.pi * t), z0 + (z1 - z0) * t], 1
        )
        ropes += [cylinder(a, b, 0.018, 0.018, 5) for a, b in pairwise(points)]
    return [
        _painted(joined(posts), _plain(linear(150, 122, 98)), smooth=True),
        _painted(joined(caps), _plain(_SNOW), smooth=True),
        _painted(joined(ropes), _plain(linear(196, 150, 92)), smooth=True),
    ]


def _painted(shape: Shape, paint: Paint, *, smooth: bool = False) -> Surface:
    return Surface(*shape, shape[0], paint, smooth=smooth)


def _plain(color: Float32) -> Paint:
    def paint(where: Float32, _: Float32) -> Float32:
        return np.tile(color, (len(where), 1))

    return paint


def _boards(where: Float32, _: Float32) -> Float32:
    """Paint horizontal boards with some grain and dark gaps."""
    along, up = where[:, 0] + where[:, 2], where[:, 1]
    board = np.floor(up / _BOARD)
    grain = _GRAIN.at(up * 6 + board * 0.37, along * 0.7 + board * 1.7, 2.0)
    tone = 1 + 0.10 * np.sin(board * 12.9) + 0.13 * grain
    gap = np.abs(up / _BOARD - board - 0.5) > 0.46
    return np.asarray(_WOOD * (tone * np.where(gap, 0.35, 1.0))[:, None], np.float32)


def _interior(turn: Float64, place: tuple[float, float, float]) -> Paint:
    """Return the look of the lamp-lit inside: warm, darker to the sides, with shelves."""

    def paint(where: Float32, _: Float32) -> Float32:
        local = (where[:, :3] - np.asarray(place)) @ turn
        x, y = local[:, 0], local[:, 1]
        glow = np.exp(-((x / 0.75) ** 2) - ((y - 1.85) / 0.55) ** 2)
        shelf = (np.abs(y - 1.42) < 0.015) | (np.abs(y - 1.70) < 0.015)
        jars = (np.mod(x + 0.03, 0.17) < 0.09) & (((y > 1.435) & (y < 1.56)) | ((y > 1.715) & (y < 1.82)))
        hue = np.sin(np.floor((x + 0.03) / 0.17) * 5.1 + np.floor(y * 3.6))
        tint = np.stack([0.9 + 0 * hue, 0.45 + 0.25 * hue, 0.22 - 0.1 * hue], axis=1)
        color = np.array([0.55, 0.30, 0.13]) * (0.10 + 0.9 * glow[:, None])
        color = np.where(jars[:, None], tint * (0.15 + 0.6 * glow[:, None]), color)
        return np.asarray(np.where(shelf[:, None], color * 0.5, color), np.float32)

    return paint


def _awning(turn: Float64, place: tuple[float, float, float]) -> Surface:
    columns = 19
    reach = _STALL_HALF_WIDTH + 0.10
    x = np.linspace(-reach, reach, columns)
    back = np.stack([x, np.full(columns, 2.10), np.full(columns, 0.66)], 1)
    front = np.stack([x, np.full(columns, 1.80), np.full(columns, 1.24)], 1)
    edge = np.stack([x, np.full(columns, 1.68), np.full(columns, 1.25)], 1)
    vertices = np.concatenate([back, front, edge])
    k = np.arange(columns - 1)
    faces = []
    for row in (0, columns):
        a, b, c, d = k + row, k + row + 1, k + row + columns + 1, k + row + columns
        faces += [np.stack([a, d, c], 1), np.stack([a, c, b], 1)]
    where = vertices.copy()
    placed = vertices @ turn.T + np.asarray(place)

    def paint(coordinates: Float32, _: Float32) -> Float32:
        stripe = np.floor((coordinates[:, 0] + reach) / (2 * reach / 9)) % 2 < 1
        return np.where(stripe[:, None], linear(196, 52, 46), linear(244, 238, 226)).astype(np.float32)

    return Surface(placed, np.concatenate(faces), where, paint, smooth=False, two_sided=True)


def _striped(color: Float32, seed: float) -> Paint:
    def paint(where: Float32, _: Float32) -> Float32:
        height = where[:, 1]
        band = np.sin(height * 9 + where[:, 0] * 7 + seed * 3) > 0.35
        return np.where(band[:, None], np.minimum(color * 2.2 + 0.12, 0.9), color).astype(np.float32)

    return paint


def _plate(outline: Float64, thickness: float) -> Shape:
    """Return a plate with a convex outline (counter-clockwise seen from +z)."""
    n = len(outline)
    front = np.concatenate([outline, np.full((n, 1), thickness / 2)], axis=1)
    back = np.concatenate([outline, np.full((n, 1), -thickness / 2)], axis=1)
    k = np.arange(1, n - 1)
    a, b = np.arange(n), (np.arange(n) + 1) % n
    faces = np.concatenate(
        [
            np.stack([np.zeros_like(k), k, k + 1], 1),
            n + np.stack([np.zeros_like(k), k + 1, k], 1),
            np.stack([a, a + n, b + n], 1),
            np.stack([a, b + n, b], 1),
        ]
    )
    return np.concatenate([front, back]), faces


def _rounded_slab(half_width: float, half_depth: float, height: float) -> Shape:
    """Return a pillow of snow, flat below."""
    columns, rows = 25, 17
    u, v = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    bulge = (1 - np.abs(u) ** 5) * (1 - np.abs(v) ** 5)
    y = height * np.clip(bulge, 0, 1) ** 0.35 * (0.9 + 0.12 * np.sin(2.1 * u + 1) + 0.08 * np.cos(3 * v))
    vertices = np.stack([u * half_width, y - 0.03, v * half_depth], axis=-1).reshape(-1, 3)
    grid = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    faces = np.concatenate([np.stack([a, d, c], -1).reshape(-1, 3), np.stack([a, c, b], -1).reshape(-1, 3)])
    return vertices, faces
