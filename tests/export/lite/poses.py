"""Plausible poses of the stand-in body, and what BlazePose would see of them."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from export.body import skeleton as body
from export.lite.hmr.tables import BodyTables
from tracker_service.types import Float32, Float64

HALF_CROP = 128.0


@dataclass(frozen=True)
class Sight:
    """Landmarks of one posed body, and the truth behind them."""

    world: Float32
    pixels: Float32
    visibility: Float32
    rotations: Float64
    joints: Float64

    def inputs(self) -> dict[str, Float32]:
        return {
            "world": self.world[None],
            "pixels": self.pixels[None],
            "visibility": self.visibility[None],
            "presence_in": np.ones((1, 1), np.float32),
        }


def turn(axes: str, *degrees: float) -> Float64:
    return np.asarray(Rotation.from_euler(axes, degrees, degrees=True).as_matrix()).reshape(3, 3)


def upright(heading: float) -> Float64:
    """Global rotation of an upright person; heading 0 faces the camera."""
    return turn("x", 180.0) @ turn("y", heading)


def hanging_arms() -> Float64:
    """Local rotations (24, 3, 3) of a person who stands with hanging arms, facing the camera."""
    local = np.tile(np.eye(3), (24, 1, 1))
    local[0] = upright(0.0)
    local[body.LEFT_SHOULDER], local[body.RIGHT_SHOULDER] = turn("z", -75.0), turn("z", 75.0)
    return local


def random_pose(random: np.random.Generator) -> Float64:
    """Local rotations (24, 3, 3): any heading, arms and legs all over what people do, trunk and head slightly."""
    local = hanging_arms()
    local[0] = turn("x", random.uniform(-20, 20)) @ upright(random.uniform(-180, 180))
    for shoulder, elbow, side in ((16, 18, 1.0), (17, 19, -1.0)):
        local[shoulder] = turn("y", -side * random.uniform(-20, 80)) @ turn("z", side * random.uniform(-70, 50))
        local[elbow] = turn("y", -side * random.uniform(10, 120))
    for hip, knee, side in ((1, 4, 1.0), (2, 5, -1.0)):
        local[hip] = turn("zx", side * random.uniform(0, 20), random.uniform(-80, 20))
        local[knee] = turn("x", random.uniform(10, 100))
    for joint in (3, 6, 9, 15):
        local[joint] = turn("xyz", *random.uniform(-6, 6, 3))
    return local


def sight_of(local: Float64, tables: BodyTables, scale: float = 0.9) -> Sight:
    """Return the landmarks of a posed body, seen without perspective from a camera at its height."""
    rest = tables.joints.astype(np.float64)
    rotations, joints = local.copy(), np.zeros((24, 3))
    joints[0] = rest[0]
    for joint, parent in enumerate(body.PARENTS[1:], start=1):
        rotations[joint] = rotations[parent] @ local[joint]
        joints[joint] = joints[parent] + rotations[parent] @ (rest[joint] - rest[parent])
    offsets = joints - np.einsum("jab,jb->ja", rotations, rest)
    transforms = np.concatenate([rotations.transpose(0, 2, 1), offsets[:, None]], axis=1).reshape(96, 3)
    world = tables.landmark_transforms.T @ transforms
    pixels = (world[:, :2] * scale + 1) * HALF_CROP
    return Sight(
        world=world.astype(np.float32),
        pixels=pixels.astype(np.float32),
        visibility=np.full((33, 1), 4.0, np.float32),
        rotations=rotations,
        joints=joints,
    )
