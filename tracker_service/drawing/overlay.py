"""Draws a frame's result on its image: boxes with identities, skeletons and meshes.

Where the focal length of the camera is known, meshes are drawn as that camera sees them, else as PHALP's does.
What cannot be believed is drawn weaker: doubtful poses paler and with their reason, unusable ones as outlines,
predicted people dashed, and lost ones, or those far from their last sighting, as a box alone. Tags say who was found
by a second look.
"""

import cv2
import numpy as np

from tracker_service.body.camera_space import in_camera
from tracker_service.body.model import BodyModel
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.level_of_detail import surface_for
from tracker_service.drawing.marks import box_frame, line_width, tag
from tracker_service.drawing.mesh import Mesh, draw_meshes
from tracker_service.drawing.palette import BLACK, WHITE, mixed, track_color
from tracker_service.drawing.rasterizer import NEAR, Raster
from tracker_service.drawing.skeleton import draw_skeleton
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import ContractError
from tracker_service.types import (
    Bool,
    FoundBy,
    FrameResult,
    PersonState,
    Smpl,
    TrackedPerson,
    UInt8,
    Usability,
)
from tracker_service.types.calibration import Calibration

PREDICTED_OPACITY = 0.35
"""Opacity of a predicted person's mesh, as a share of a seen person's."""
DOUBTFUL_OPACITY, UNUSABLE_OPACITY = 0.65, 0.3
"""Opacity of the mesh of poses that are not usable, as a share of a usable one's."""
_QUALITY_OPACITY = {
    Usability.USABLE: 1.0,
    Usability.DOUBTFUL: DOUBTFUL_OPACITY,
    Usability.UNUSABLE: UNUSABLE_OPACITY,
}
_SHOT_COLOR = (235, 64, 52)


def draw_overlay(
    image: UInt8, result: FrameResult, *, body: BodyModel | None = None, style: OverlayStyle | None = None
) -> UInt8:
    """Return a copy of a frame with its people drawn on it.

    Args:
        image: (H, W, 3) uint8 RGB, the frame itself.
        result: what was found in it.
        body: needed for meshes and silhouettes.
        style: what to draw; everything when None.

    Raises:
        ContractError: the image is not of the result's size, or the style needs a body and none is given.
    """
    style = style or OverlayStyle()
    if image.shape != (result.height, result.width, 3) or image.dtype != np.uint8:
        raise ContractError(
            f"draw_overlay: expected uint8 image ({result.height}, {result.width}, 3), got {image.dtype} {image.shape}"
        )
    people = [person for person in result.persons if _is_shown(person, style)]
    bodies = [person for person in people if _has_body(person)]
    picture = image.copy()
    if style.needs_surface and bodies:
        if body is None:
            raise ContractError("draw_overlay: expected a body, because the style shows meshes, got None")
        _draw_surfaces(picture, bodies, body, style, result.calibration)
    for person in sorted(people, key=lambda one: one.camera[2], reverse=True):
        _draw_marks(picture, person, style)
    if style.stamp:
        _draw_stamp(picture, result)
    return picture


def _is_shown(person: TrackedPerson, style: OverlayStyle) -> bool:
    if style.track_id is not None and person.track_id != style.track_id:
        return False
    return style.predicted or person.state is PersonState.SEEN


def _is_predicted(person: TrackedPerson) -> bool:
    return person.state is not PersonState.SEEN


def _usability(person: TrackedPerson) -> Usability:
    return Usability.USABLE if person.quality is None else person.quality.usability


def _has_body(person: TrackedPerson) -> bool:
    """Whether a body is drawn at all: not that of a person who is lost or was not seen for long."""
    if person.state is PersonState.LOST:
        return False
    return not (_is_predicted(person) and _usability(person) is Usability.UNUSABLE)


def _draw_surfaces(
    picture: UInt8,
    people: list[TrackedPerson],
    body: BodyModel,
    style: OverlayStyle,
    calibration: Calibration | None,
) -> None:
    size = (picture.shape[1], picture.shape[0])
    camera = PinholeCamera.of_frame(*size) if calibration is None else PinholeCamera.calibrated(calibration)
    meshes = [_mesh_of(person, body, camera, style, calibration) for person in people]
    for person, raster in zip(people, draw_meshes(picture, meshes, camera), strict=True):
        if style.silhouette or _is_predicted(person):
            _draw_silhouette(picture, raster, person, filled=style.silhouette)


def _mesh_of(
    person: TrackedPerson,
    body: BodyModel,
    camera: PinholeCamera,
    style: OverlayStyle,
    calibration: Calibration | None,
) -> Mesh:
    orient, translation = person.global_orient, person.camera
    if calibration is not None:
        placed = in_camera(person, calibration)
        orient, translation = placed.global_orient, placed.translation
    surface = surface_for(body, camera.focal / max(float(translation[2]), NEAR))
    color = np.array(mixed(track_color(person.track_id), WHITE, 0.25))
    smpl = Smpl(orient[None], person.body_pose[None], person.betas[None])
    return Mesh(body.posed(surface, smpl)[0] + translation, surface.faces, color, _opacity(person, style))


def _opacity(person: TrackedPerson, style: OverlayStyle) -> float:
    if not style.mesh:
        return 0.0
    quality = _QUALITY_OPACITY[_usability(person)]
    return style.mesh_opacity * (min(PREDICTED_OPACITY, quality) if _is_predicted(person) else quality)


def _draw_silhouette(picture: UInt8, raster: Raster, person: TrackedPerson, *, filled: bool) -> None:
    mask = raster.mask.astype(np.uint8)
    if not mask.any():
        return
    color = track_color(person.track_id)
    patch = np.ascontiguousarray(picture[raster.window])
    if filled:
        share = 0.2 if _is_predicted(person) else 0.45
        tinted = patch[raster.mask] * (1 - share) + np.array(color) * share
        patch[raster.mask] = tinted.astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline_color = mixed(color, WHITE, 0.45 if _is_predicted(person) else 0.1)
    cv2.drawContours(patch, outlines, -1, outline_color, max(1, line_width(picture) // 2), cv2.LINE_AA)
    picture[raster.window] = patch


def _draw_marks(picture: UInt8, person: TrackedPerson, style: OverlayStyle) -> None:
    color, predicted = track_color(person.track_id), _is_predicted(person)
    hollow = predicted or _usability(person) is Usability.UNUSABLE
    if style.skeleton and _has_body(person):
        draw_skeleton(picture, person.joints_2d, color, hollow=hollow, hidden=_hidden_joints(person))
    box = tuple(float(side) for side in person.box)
    if not _touches(picture, box):
        return
    if style.boxes:
        box_frame(picture, box, color, dashed=predicted)
    tag(picture, _label(person), (box[0], box[1]), color, hollow=hollow)


def _hidden_joints(person: TrackedPerson) -> Bool | None:
    return None if person.quality is None else np.asarray(person.quality.joint_confidence < 1)


def _label(person: TrackedPerson) -> str:
    """Return the identity, and why the person or the pose is not what was plainly seen."""
    if _is_predicted(person):
        return f"{person.state} {person.track_id}"
    name = f"{person.track_id}, second look" if person.found_by is FoundBy.SECOND_LOOK else f"{person.track_id}"
    if person.quality is None or not person.quality.reasons:
        return name
    return f"{name} {person.quality.usability}: {person.quality.reasons[0].replace('_', ' ')}"


def _touches(picture: UInt8, box: tuple[float, ...]) -> bool:
    """Whether a box is finite and overlaps the image; a predicted person may have left it."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = box
    return bool(np.isfinite(box).all()) and x2 > 0 and y2 > 0 and x1 < width and y1 < height


def _draw_stamp(picture: UInt8, result: FrameResult) -> None:
    minutes, seconds = divmod(max(result.timestamp, 0.0), 60)
    text = f"{result.frame_number:05d}  {int(minutes):02d}:{seconds:06.3f}"
    if result.shot:
        height, width = picture.shape[:2]
        cv2.rectangle(picture, (0, 0), (width - 1, height - 1), _SHOT_COLOR, line_width(picture) * 2)
        tag(picture, f"SHOT  {text}", (0, 0), _SHOT_COLOR)
    else:
        tag(picture, text, (0, 0), BLACK)
