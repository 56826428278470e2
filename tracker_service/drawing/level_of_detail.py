"""How finely a body is drawn: by its size in the picture.

F triangles deviate from a smooth surface by about 1 / F of its size. With triangles in proportion to the height in
pixels, the outline of small and large people is off by the same fraction of a pixel.
"""

from functools import lru_cache

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.body.surface import SkinnedSurface

FACES_PER_ROW = 12
"""Triangles for every pixel row that a standing body fills; raising it draws finer and slower."""
_FEWEST_FACES = 800
"""Bodies are not simplified below this: their limbs would lose their shape."""
_BODIES_KEPT = 4


def surface_for(body: BodyModel, pixels_per_meter: float) -> SkinnedSurface:
    """Return the coarsest surface of ``body`` that looks like the full one at this size in the picture."""
    rows = _longest_side(body) * pixels_per_meter
    levels = _levels(body)
    return next((level for level in levels if len(level.faces) >= FACES_PER_ROW * rows), levels[-1])


@lru_cache(maxsize=_BODIES_KEPT)
def _levels(body: BodyModel) -> tuple[SkinnedSurface, ...]:
    """Return surfaces of ``body`` from coarse to full, each with about twice the triangles of the one before.

    A surface that is not closed stays as it is: collapsing the edges of a tangle takes minutes.
    """
    levels = [body.surface]
    while len(levels[-1].faces) // 2 >= _FEWEST_FACES and body.surface.is_closed:
        levels.append(body.surface.simplified(len(levels[-1].faces) // 2))
    return tuple(reversed(levels))


def _longest_side(body: BodyModel) -> float:
    return float(np.ptp(body.v_template, axis=0).max())
