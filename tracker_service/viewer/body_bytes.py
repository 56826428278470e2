"""The body as the page reads it: a coarse surface with what poses and shapes it.

Little endian: four uint32 (`MAGIC`, vertices n, triangles F, 0), then float32 of the template (n, 3), float32 of the
rest joints (24, 3) and of their shape blend shapes (24, 3, 10), one float32 of the step of the surface's blend shapes,
int16 of those (10, n, 3), int8 of the parents (24), uint8 of four bones (n, 4) and of their weights in 255ths (n, 4),
and uint16 of the triangles (F, 3) at the next even byte. Pose blend shapes are left out.
"""

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.types import Float32, UInt8
from tracker_service.viewer.decimation import coarse_surface

MAGIC = 0x31425650
_BONES_OF_A_VERTEX = 4
_LARGEST = 32767


def body_bytes(body: BodyModel) -> bytes:
    """Return the body in the layout above."""
    surface = coarse_surface(body)
    template = body.v_template[surface.vertices]
    shapes = body.shapedirs[surface.vertices].transpose(2, 0, 1)
    step = max(float(np.abs(shapes).max()), 1e-9) / _LARGEST
    bones, weights = _strongest(body.lbs_weights[surface.vertices])
    head = np.array([MAGIC, len(template), len(surface.faces), 0], np.uint32).tobytes()
    rest = body.J_regressor @ body.v_template
    rest_shapes = np.einsum("jv,vcb->jcb", body.J_regressor, body.shapedirs)
    parts = (
        template.astype(np.float32),
        rest.astype(np.float32),
        rest_shapes.astype(np.float32),
        np.array([step], np.float32),
        np.round(shapes / step).astype(np.int16),
        body.parents.astype(np.int8),
        bones,
        weights,
    )
    packed = head + b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return packed + b"\0" * (len(packed) % 2) + surface.faces.astype(np.uint16).tobytes()


def _strongest(weights: Float32) -> tuple[UInt8, UInt8]:
    """Return the four strongest bones of every vertex and their weights, which add up to 255."""
    bones = np.argsort(-weights, axis=1)[:, :_BONES_OF_A_VERTEX]
    strongest = np.take_along_axis(weights, bones, axis=1).astype(np.float64)
    shares = np.floor(strongest / strongest.sum(axis=1, keepdims=True) * 255).astype(np.int64)
    shares[:, 0] += 255 - shares.sum(axis=1)
    return bones.astype(np.uint8), shares.astype(np.uint8)
