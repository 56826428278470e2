"""A painted picture of the stand-in body, clothed by colour, with its exact joints: what the lite model can see."""

from pathlib import Path

import cv2
import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.types import Float32, Float64, Smpl, UInt8

REPOSITORY = Path(__file__).resolve().parents[2] / "model_repository"
SIZE = (640, 480)
PIXELS_PER_METRE = 170.0
_TROUSERS, _SHIRT, _SHOES = (0, 1, 2, 4, 5), (3, 6, 9, 13, 14, 16, 17), (7, 8, 10, 11)


def load_body() -> BodyModel:
    """Return the stand-in body of the lite set."""
    return BodyModel.load(REPOSITORY / "hmr_lite" / "body_model.npz")


def about(axis: int, angle: float) -> Float64:
    """Return the rotation about x, y or z (0, 1, 2)."""
    rotation, _ = cv2.Rodrigues(np.eye(3)[axis] * angle)
    return np.asarray(rotation, np.float64)


def standing(lean: float = 0.0) -> Smpl:
    """Return a person with hanging arms that faces the camera, turned clockwise in the picture by ``lean`` radians."""
    pose = np.tile(np.eye(3), (1, 23, 1, 1))
    for joint, angle in ((15, -1.2), (16, 1.2), (0, 0.1), (1, -0.1)):
        pose[0, joint] = about(2, angle)
    orient = (about(2, lean) @ about(0, np.pi))[None, None]
    return Smpl(orient.astype(np.float32), pose.astype(np.float32), np.zeros((1, 10), np.float32))


def paint(body: BodyModel, smpl: Smpl) -> tuple[UInt8, Float32, Float32]:
    """Paint one body into a frame of `SIZE`.

    Returns:
        (H, W, 3) uint8 RGB, (1, 4) its box, and (44, 2) its joints in pixels.
    """
    middle = np.array(SIZE) / 2
    vertices = body.vertices(smpl)[0]
    pixels = vertices[:, :2] * PIXELS_PER_METRE + middle
    image = np.full((SIZE[1], SIZE[0], 3), (150, 170, 150), np.uint8)
    image[300:] = (110, 120, 100)
    corners = vertices[body.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = np.abs(normals[:, 2]) / (np.linalg.norm(normals, axis=1) + 1e-9)
    colours = _clothes(body) * (0.4 + 0.6 * facing[:, None])
    for face in np.argsort(-corners[:, :, 2].mean(axis=1)):
        outline = np.rint(pixels[body.faces[face]] * 16).astype(np.int32)
        cv2.fillConvexPoly(image, outline, colours[face].tolist(), shift=4)
    box = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])[None].astype(np.float32)
    joints = body.joints(smpl)[0, :, :2] * PIXELS_PER_METRE + middle
    return image, box, joints.astype(np.float32)


def _clothes(body: BodyModel) -> Float64:
    bone = body.lbs_weights.argmax(axis=1)[body.faces[:, 0]]
    colours = np.full((len(bone), 3), (215.0, 165.0, 130.0))
    for bones, colour in ((_TROUSERS, (35, 40, 60)), (_SHIRT, (60, 80, 170)), (_SHOES, (40, 40, 40))):
        colours[np.isin(bone, bones)] = colour
    return colours
