"""A small run whose people stand where the test knows: results, a video, and an overlay."""

from pathlib import Path

import numpy as np
import orjson

from tests.results.frames import frame_result, tracked_person
from tests.video.clips import index_image
from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.style import OverlayStyle
from tracker_service.model_sets import model_set
from tracker_service.results.ndjson import NdjsonWriter
from tracker_service.types import FoundBy, FrameResult, PersonState, PersonWorld, Smpl, TrackedPerson, UInt8
from tracker_service.types.calibration import Calibration, FocalSource
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE
from tracker_service.types.quality import PoseQuality, QualityReason, Usability
from tracker_service.video.writer import VideoWriter

ROOT = Path(__file__).resolve().parents[2]
BODY = ROOT / "model_repository" / model_set("lite").body / "body_model.npz"
WIDTH, HEIGHT, RATE, FRAMES = 320, 180, 25, 150
"""More frames than a chunk has."""
BELOW_THE_TAGS = 50
"""First row of the overlay in which there are only bodies."""
CALIBRATED_FROM, CAMERA = 130, Calibration(90.0, FocalSource.GIVEN, WIDTH, HEIGHT)
"""Of the frames from this one on the focal length is known: it shows people from near, the outer ones from the side."""
_DEPTH = 100.0
_UPRIGHT = np.diag([1.0, -1.0, -1.0]).astype(np.float32)
_KNEE = 3
_LEFT_SHOULDER, _RIGHT_SHOULDER = 15, 16
"""Rows of rotations in ``body_pose``."""


def knee_angle(number: int) -> float:
    """Radians by which person 1 bends the left knee in a frame."""
    return 0.01 * number


def standing(body: BodyModel, track: int, number: int) -> TrackedPerson:
    """Return a person.

    1 is seen and bends a knee, 2 is found by a second look and walks to the right, 3 is in doubt, 4 is predicted, and 5
    is lost.
    """
    pose = np.tile(np.eye(3, dtype=np.float32), (23, 1, 1))
    for row, angle in ((_LEFT_SHOULDER, -1.2), (_RIGHT_SHOULDER, 1.2)):
        cosine, sine = np.cos(angle), np.sin(angle)
        pose[row] = [[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]
    if track == 1:
        cosine, sine = np.cos(knee_angle(number)), np.sin(knee_angle(number))
        pose[_KNEE] = [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]]
    smpl = Smpl(_UPRIGHT[None, None], pose[None], np.zeros((1, 10), np.float32))
    joints = np.zeros((45, 3), np.float32)
    joints[:44] = body.joints(smpl)[0]
    metres_per_pixel = _DEPTH / (FOCAL_OVER_SIZE * WIDTH)
    x = {1: 60, 2: 110 + 0.2 * number, 3: 190, 4: 230, 5: 280}[track]
    camera = np.array([(x - WIDTH / 2) * metres_per_pixel, 0.3, _DEPTH + track], np.float32)
    seen = track <= 3
    reasons = {3: (QualityReason.CUT_OFF,), 4: (QualityReason.PREDICTED,), 5: (QualityReason.LOST,)}.get(track, ())
    usability = {3: Usability.DOUBTFUL, 4: Usability.DOUBTFUL, 5: Usability.UNUSABLE}.get(track, Usability.USABLE)
    place = np.array([0.6 * (track - 3) + 0.01 * number * (track == 2), 0.2, -6.0])
    return tracked_person(
        track,
        number,
        age=0 if seen else 4,
        state=PersonState.SEEN if seen else PersonState.LOST if track == 5 else PersonState.PREDICTED,
        found_by=FoundBy.SECOND_LOOK if track == 2 else FoundBy.DETECTION,
        box=np.array([x - 18, 40, x + 18, 150], np.float32),
        global_orient=_UPRIGHT[None],
        body_pose=pose,
        betas=np.zeros(10, np.float32),
        joints_3d=joints,
        camera=camera,
        quality=PoseQuality(usability, reasons, None, np.ones(45, np.float32)),
        world=PersonWorld(place, np.ones(3), np.zeros(3), np.ones(3), 0.0, 0.1, np.ones(2), np.eye(3) * [1, -1, -1]),
    )


def frame(body: BodyModel, number: int) -> FrameResult:
    """All five people."""
    people = [standing(body, track, number) for track in range(1, 6)]
    camera = CAMERA if number >= CALIBRATED_FROM else None
    return frame_result(number, *people, width=WIDTH, height=HEIGHT, timestamp=number / RATE, calibration=camera)


def overlay(body: BodyModel, number: int) -> UInt8:
    """The bodies and their tags, on black."""
    style = OverlayStyle(boxes=False, skeleton=False, stamp=False)
    return draw_overlay(np.zeros((HEIGHT, WIDTH, 3), np.uint8), frame(body, number), body=body, style=style)


def write_run(folder: Path, body: BodyModel, frames: int = FRAMES) -> None:
    """Write what `track` writes, of which the viewer reads."""
    video = folder.parent / f"{folder.name}.mp4"
    with VideoWriter(video, width=WIDTH, height=HEIGHT, fps=RATE) as writer:
        for number in range(frames):
            writer.write(index_image(number, WIDTH, HEIGHT))
    folder.mkdir()
    with NdjsonWriter(folder / "results.ndjson") as lines:
        for number in range(frames):
            lines.write(frame(body, number))
    summary = {"source": str(video), "settings": {"model_set": "lite", "render": {"fps": None}}}
    (folder / "summary.json").write_bytes(orjson.dumps(summary))
