"""Made-up results to draw."""

import numpy as np
from numpy.typing import NDArray

from tests.body.rigid_body import rigid_body
from tracker_service.body.model import BodyModel
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.types import FrameResult, PersonState, TrackedPerson, UInt8

WIDTH, HEIGHT = 320, 240
BOX_SIDE = 1.6
_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * BOX_SIDE / 2
_QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def box_body() -> BodyModel:
    """A body whose surface is a box around the model origin."""
    return rigid_body(_CORNERS, [face for a, b, c, d in _QUADS for face in ((a, b, c), (a, c, d))])


def person(
    track_id: int,
    center: tuple[float, float],
    *,
    height: float = 100,
    predicted_for: int = 0,
    joints_2d: NDArray[np.float32] | None = None,
    box: tuple[float, float, float, float] | None = None,
) -> TrackedPerson:
    """A person whose surface covers a square of ``height`` pixels around ``center``."""
    camera = PinholeCamera.of_frame(WIDTH, HEIGHT)
    # The front of the box is nearer than its centre by half its side.
    depth = camera.focal * BOX_SIDE / height + BOX_SIDE / 2
    offset = [(center[0] - WIDTH / 2) * depth / camera.focal, (center[1] - HEIGHT / 2) * depth / camera.focal, depth]
    x, y, half = *center, height / 2
    return TrackedPerson(
        track_id=track_id,
        frame_number=0,
        state=PersonState.PREDICTED if predicted_for else PersonState.SEEN,
        age=predicted_for,
        tracking_confidence=1.0 / (1 + predicted_for),
        score=0.9,
        detection_index=-1 if predicted_for else 0,
        box=np.array(box or (x - half, y - half, x + half, y + half), np.float32),
        center=np.array(center, np.float32),
        side=height,
        global_orient=np.eye(3, dtype=np.float32)[None],
        body_pose=np.tile(np.eye(3, dtype=np.float32), (23, 1, 1)),
        betas=np.zeros(10, np.float32),
        crop_camera=np.array([0.9, 0, 0], np.float32),
        camera=np.array(offset, np.float32),
        joints_3d=np.zeros((45, 3), np.float32),
        joints_2d=np.full((45, 2), np.nan, np.float32) if joints_2d is None else joints_2d,
        pose=np.zeros(229, np.float32),
        location=np.zeros(99, np.float32),
        appearance=np.zeros(4, np.float32),
    )


def frame(*persons: TrackedPerson, shot: bool = False) -> FrameResult:
    """A frame of these people."""
    return FrameResult(7, 0.28, WIDTH, HEIGHT, persons, shot)


def grey() -> UInt8:
    """An empty picture."""
    return np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
