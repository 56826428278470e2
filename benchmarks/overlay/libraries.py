"""Libraries that could rasterise a body on a CPU, each drawing the same shaded bodies.

Only OpenCV is needed by the project; the others are measured where they are installed:
``pip install numba skia-python vtk embreex`` (into an environment of their own).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeAlias

import cv2
import numpy as np

from samples.rasterizer import interpolated
from samples.rasterizer import rasterize as rasterize_in_numpy
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.rasterizer import rasterize
from tracker_service.types import Float32, Float64, Int64

SIZE = (400, 400)
"""Of the window that is drawn; a body of 300 rows fits in."""
CAMERA = PinholeCamera(PinholeCamera.of_frame(1280, 720).focal, SIZE[0] / 2, SIZE[1] / 2)
Drawing: TypeAlias = Callable[[Float64, Int64, Float64], Float32]
"""Maps (V, 3) vertices in camera space, (F, 3) faces and (V,) light, 0 to 1, to (H, W) light, -1 where nothing is."""
_REPEATS = 20


@dataclass(frozen=True, slots=True, eq=False)
class LitBody:
    """A body in camera space and the light on its vertices, in full and simplified."""

    vertices: Float64
    faces: Int64
    light: Float64
    coarse_vertices: Float64
    coarse_faces: Int64
    coarse_light: Float64


def compared(bodies: list[LitBody]) -> list[dict[str, Any]]:
    """Return a row for each library that is installed: CPU milliseconds a body, and how far it is from an exact one."""
    exact = [_in_numpy(body.vertices, body.faces, body.light) for body in bodies]
    return [_row(name, mebibytes, draw, bodies, exact) for name, mebibytes, draw in _libraries()]


def _row(name: str, mebibytes: float, draw: Drawing, bodies: list[LitBody], exact: list[Float32]) -> dict[str, Any]:
    pictures = [draw(body.vertices, body.faces, body.light) for body in bodies]
    shares, differences = [], []
    for picture, wanted in zip(pictures, exact, strict=True):
        covered, right = picture >= 0, wanted >= 0
        shares.append((covered & right).sum() / (covered | right).sum())
        differences.append(255 * float(np.abs(picture - wanted)[covered & right].mean()))
    return {
        "library": name,
        "wheel_mib": mebibytes,
        "full_ms": _milliseconds(lambda: [draw(body.vertices, body.faces, body.light) for body in bodies], bodies),
        "coarse_ms": _milliseconds(
            lambda: [draw(body.coarse_vertices, body.coarse_faces, body.coarse_light) for body in bodies], bodies
        ),
        "iou": float(np.mean(shares)),
        "difference": float(np.mean(differences)),
    }


def _milliseconds(draw: Callable[[], object], bodies: list[LitBody]) -> float:
    draw()
    passes = []
    for _ in range(_REPEATS):
        started = time.process_time()
        draw()
        passes.append(time.process_time() - started)
    return 1000 * min(passes) / len(bodies)


def _libraries() -> Iterator[tuple[str, float, Drawing]]:
    """Yield name, size of the Linux wheels beyond what the project needs anyway, and the drawing."""
    yield f"OpenCV {cv2.__version__}, triangleRasterize", 0.0, _in_opencv
    yield "own z-buffer in numpy (before)", 0.0, _in_numpy
    yield f"OpenCV {cv2.__version__}, fillConvexPoly a triangle", 0.0, _as_polygons
    for package, mebibytes, make in (
        ("numba", 60.6, _numba_drawing),
        ("skia-python", 14.0, _skia_drawing),
        ("embreex", 13.9, _embree_drawing),
        ("vtk", 133.2, _vtk_drawing),
    ):
        try:
            draw = make()
        except ImportError:
            continue
        yield f"{package} {version(package)}", mebibytes, draw


def _nothing() -> Float32:
    return np.full(SIZE[::-1], -1, np.float32)


def _in_opencv(vertices: Float64, faces: Int64, light: Float64) -> Float32:
    raster = rasterize(vertices, faces, np.repeat(light[:, None], 3, axis=1), CAMERA, SIZE)
    picture = _nothing()
    picture[raster.window] = raster.colors[..., 0]
    return picture


def _in_numpy(vertices: Float64, faces: Int64, light: Float64) -> Float32:
    raster = rasterize_in_numpy(vertices, faces, CAMERA, SIZE)
    picture = _nothing()
    picture[raster.window][raster.mask] = interpolated(raster, vertices, faces, CAMERA, light[:, None])[:, 0]
    return picture


def _front_from_far_to_near(vertices: Float64, faces: Int64) -> tuple[Float64, Int64]:
    """Return pixels of the vertices and the faces towards the camera, ordered for drawing over each other."""
    pixels = CAMERA.project(vertices)
    first, second, third = (pixels[faces[:, k]] for k in range(3))
    area = (second - first)[:, 0] * (third - first)[:, 1] - (second - first)[:, 1] * (third - first)[:, 0]
    seen = faces[area < 0]
    return pixels, seen[np.argsort(-vertices[seen, 2].mean(axis=1))]


def _as_polygons(vertices: Float64, faces: Int64, light: Float64) -> Float32:
    pixels, seen = _front_from_far_to_near(vertices, faces)
    corners = np.rint((pixels[seen] - 0.5) * 16).astype(np.int32)
    picture = _nothing()
    for corner, value in zip(corners, light[seen].mean(axis=1).tolist(), strict=True):
        cv2.fillConvexPoly(picture, corner, value, shift=4)
    return picture


def _numba_drawing() -> Drawing:
    import numba

    @numba.njit(cache=False)  # type: ignore[untyped-decorator]
    def fill(x: Any, y: Any, inverse: Any, faces: Any, light: Any, picture: Any, nearest: Any) -> None:
        for f in range(faces.shape[0]):
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            area = (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])
            if area >= 0:
                continue
            left = max(int(np.ceil(min(x[a], x[b], x[c]) - 0.5)), 0)
            right = min(int(np.floor(max(x[a], x[b], x[c]) - 0.5)), picture.shape[1] - 1)
            top = max(int(np.ceil(min(y[a], y[b], y[c]) - 0.5)), 0)
            bottom = min(int(np.floor(max(y[a], y[b], y[c]) - 0.5)), picture.shape[0] - 1)
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    px, py = column + 0.5, row + 0.5
                    u = ((x[b] - px) * (y[c] - py) - (y[b] - py) * (x[c] - px)) / area
                    v = ((x[c] - px) * (y[a] - py) - (y[c] - py) * (x[a] - px)) / area
                    w = 1 - u - v
                    if u < 0 or v < 0 or w < 0:
                        continue
                    near = u * inverse[a] + v * inverse[b] + w * inverse[c]
                    if near > nearest[row, column]:
                        nearest[row, column] = near
                        lit = u * light[a] * inverse[a] + v * light[b] * inverse[b] + w * light[c] * inverse[c]
                        picture[row, column] = lit / near

    def draw(vertices: Float64, faces: Int64, light: Float64) -> Float32:
        pixels, picture = CAMERA.project(vertices), _nothing()
        x, y, inverse = np.ascontiguousarray(pixels[:, 0]), np.ascontiguousarray(pixels[:, 1]), 1 / vertices[:, 2]
        fill(x, y, inverse, faces, light, picture, np.zeros_like(picture))
        return picture

    return draw


def _skia_drawing() -> Drawing:
    import skia

    def draw(vertices: Float64, faces: Int64, light: Float64) -> Float32:
        pixels, seen = _front_from_far_to_near(vertices, faces)
        canvas_pixels = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
        grey = np.rint(255 * light).astype(np.int64)
        colors = (0xFF000000 | grey << 16 | grey << 8 | grey).tolist()
        points = [skia.Point(x, y) for x, y in pixels.tolist()]
        mesh = skia.Vertices(skia.Vertices.kTriangles_VertexMode, points, None, colors, seen.ravel().tolist())
        with skia.Surface(canvas_pixels) as canvas:
            canvas.drawVertices(mesh, skia.Paint(AntiAlias=False), skia.BlendMode.kDst)
        return np.where(canvas_pixels[..., 3] > 0, canvas_pixels[..., 0] / np.float32(255), np.float32(-1))

    return draw


def _embree_drawing() -> Drawing:
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    def draw(vertices: Float64, faces: Int64, light: Float64) -> Float32:
        scene = EmbreeScene()
        TriangleMesh(scene, vertices.astype(np.float32), faces.astype(np.int32))
        pixels = CAMERA.project(vertices)
        left, top = np.clip(np.floor(pixels.min(axis=0)), 0, SIZE).astype(int)
        right, bottom = np.clip(np.ceil(pixels.max(axis=0)), 0, SIZE).astype(int)
        columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        x, y = (columns + 0.5 - CAMERA.center_x) / CAMERA.focal, (rows + 0.5 - CAMERA.center_y) / CAMERA.focal
        # Embree counts in float32: rays start shortly before the body.
        start = float(vertices[:, 2].min()) - 1.0
        rays = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
        hit = scene.run((rays * start).astype(np.float32), rays.astype(np.float32), output=True)
        found = hit["primID"] >= 0
        corners = light[faces[hit["primID"][found]]]
        u, v = hit["u"][found], hit["v"][found]
        patch = np.full(rays.shape[0], -1, np.float32)
        patch[found] = corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v
        picture = _nothing()
        picture[top:bottom, left:right] = patch.reshape(bottom - top, right - left)
        return picture

    return draw


def _vtk_drawing() -> Drawing:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  # registers the renderer
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkRenderingCore import (
        vtkActor,
        vtkPolyDataMapper,
        vtkRenderer,
        vtkRenderWindow,
        vtkWindowToImageFilter,
    )

    window, renderer, mapper, actor = vtkRenderWindow(), vtkRenderer(), vtkPolyDataMapper(), vtkActor()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(*SIZE)
    window.AddRenderer(renderer)
    actor.SetMapper(mapper)
    actor.GetProperty().LightingOff()
    actor.GetProperty().BackfaceCullingOn()
    renderer.AddActor(actor)
    renderer.SetBackground(0, 0, 1)
    mapper.SetColorModeToDirectScalars()

    def draw(vertices: Float64, faces: Int64, light: Float64) -> Float32:
        points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
        points.SetData(numpy_to_vtk(vertices * (1, -1, -1), deep=True))
        listed = np.concatenate([np.full((len(faces), 1), 3), faces], axis=1).ravel()
        cells.SetCells(len(faces), numpy_to_vtkIdTypeArray(listed, deep=True))
        mesh.SetPoints(points)
        mesh.SetPolys(cells)
        grey = np.rint(255 * light).astype(np.uint8)
        mesh.GetPointData().SetScalars(numpy_to_vtk(np.stack([grey, grey, np.zeros_like(grey)], axis=1), deep=True))
        mapper.SetInputData(mesh)
        camera = renderer.GetActiveCamera()
        camera.SetPosition(0, 0, 0)
        camera.SetFocalPoint(0, 0, -1)
        camera.SetViewUp(0, 1, 0)
        camera.SetViewAngle(float(np.degrees(2 * np.arctan(SIZE[1] / 2 / CAMERA.focal))))
        camera.SetClippingRange(0.99 * vertices[:, 2].min(), 1.01 * vertices[:, 2].max())
        window.Render()
        grabbed = vtkWindowToImageFilter()
        grabbed.SetInput(window)
        grabbed.ReadFrontBufferOff()
        grabbed.Update()
        shown = vtk_to_numpy(grabbed.GetOutput().GetPointData().GetScalars()).reshape(SIZE[1], SIZE[0], -1)[::-1]
        return np.where(shown[..., 2] == 0, shown[..., 0] / np.float32(255), np.float32(-1))

    return draw
