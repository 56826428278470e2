"""Synthetic walkers with exact truth: what a perfect observer sees of them, and what a noisy model reports.

The stand-in body walks with a sinusoidal gait over flat ground before a camera of ordinary focal length, so people
change their size in the picture as they do in real footage; PHALP's camera is derived from it as the service does.
"""

from dataclasses import dataclass

import numpy as np

from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.people.features import padded_coordinates
from tracker_service.phalp.rotations import rotation_matrices
from tracker_service.types import Detections, Float32, Float64, Int64, People, Smpl, Squares
from tracker_service.types.phalp_vectors import (
    FOCAL_OVER_SIZE,
    NUMBER_OF_HMR_JOINTS,
    NUMBER_OF_JOINTS,
    location_vectors,
    pose_vectors,
)
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_ROTATIONS

FRAME_SIZE = (1280, 720)
FRAMES_PER_SECOND = 25.0
_FOCAL = 1100.0
_PHALP_FOCAL = FOCAL_OVER_SIZE * max(FRAME_SIZE)
_CAMERA_HEIGHT = 0.4
_HIPS, _KNEES, _SHOULDERS, _ELBOWS = (
    tuple(SMPL_JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right"))
    for joint in ("hip", "knee", "shoulder", "elbow")
)


@dataclass(frozen=True, slots=True)
class ObservationNoise:
    """Standard deviations of what a model reports, chosen near those of the lite model set.

    Attributes:
        pixels: of the model origin and the box, relative to the person's height in the picture.
        depth: of the log depth.
        rotation: of every joint's rotation, radians.
        appearance: of the embedding, relative to the spread between people.
    """

    pixels: float = 0.015
    depth: float = 0.03
    rotation: float = 0.06
    appearance: float = 0.35


@dataclass(frozen=True, slots=True)
class Truth:
    """The n walkers of one frame.

    Attributes:
        smpl: their bodies.
        cameras: (n, 3) PHALP camera translations.
        joints_3d: (n, 45, 3) metres, model space.
        joints_2d: (n, 45, 2) pixels.
    """

    smpl: Smpl
    cameras: Float32
    joints_3d: Float32
    joints_2d: Float32


class Walkers:
    """People who walk, turn and pass each other.

    Args:
        body: the body they have.
        count: how many there are.
        frames: for how long they walk.
        seed: draws paths, gaits and looks.
        turning: standard deviation of the change of heading, radians per square root of a second.
    """

    def __init__(self, body: BodyModel, count: int, frames: int, seed: int, turning: float = 0.4) -> None:
        rng = np.random.default_rng(seed)
        self._body = body
        self._rng = rng
        self.count = count
        self.frames = frames
        self._speed = rng.uniform(0.8, 1.5, count)
        self._phase = rng.uniform(0, 2 * np.pi, count)
        self._heading, self._ground = _paths(rng, self._speed, frames, turning)
        self._looks = rng.normal(size=(count, 64))

    def truth(self, frame: int) -> Truth:
        """Return the exact bodies of a frame."""
        cycle = self._phase + 2 * np.pi * 0.75 * self._speed * frame / FRAMES_PER_SECOND
        vectors = _gait(cycle, self._speed)
        n = self.count
        rotations = rotation_matrices(vectors)
        upright = rotation_matrices(np.array([np.pi, 0, 0]))
        yaw = np.zeros((n, 3))
        yaw[:, 1] = self._heading[frame]
        rotations[:, 0] = rotation_matrices(yaw) @ upright
        local: Float32 = rotations.astype(np.float32)
        smpl = Smpl(local[:, :1], local[:, 1:], np.zeros((n, NUMBER_OF_BETAS), np.float32))
        x, z = self._ground[frame].T
        scale = _PHALP_FOCAL / _FOCAL
        cameras = np.stack([x, np.full(n, _CAMERA_HEIGHT), z * scale], axis=1)
        joints = np.zeros((n, NUMBER_OF_JOINTS, 3), np.float32)
        joints[:, :NUMBER_OF_HMR_JOINTS] = self._body.joints(smpl)
        return Truth(smpl, cameras.astype(np.float32), joints, project(joints, cameras.astype(np.float32)))

    def observed(self, truth: Truth, rows: Int64, noise: ObservationNoise, appearance: Float32 | None = None) -> People:
        """Return what a model reports of the walkers ``rows``; ``appearance`` replaces the drawn embeddings."""
        rng, n = self._rng, len(rows)
        vectors = noise.rotation * rng.normal(size=(n, NUMBER_OF_ROTATIONS, 3))
        wobble = rotation_matrices(vectors).astype(np.float32)
        smpl = truth.smpl.take(rows)
        smpl = Smpl(smpl.global_orient @ wobble[:, :1], smpl.body_pose @ wobble[:, 1:], smpl.betas)
        joints = truth.joints_3d[rows].copy()
        joints[:, :NUMBER_OF_HMR_JOINTS] = self._body.joints(smpl)
        corners = _boxes(truth.joints_2d[rows])
        height = (corners[:, 3] - corners[:, 1])[:, None]
        origin = truth.joints_2d[rows, -1] + noise.pixels * height * rng.normal(size=(n, 2))
        depth = truth.cameras[rows, 2:] * np.exp(noise.depth * rng.normal(size=(n, 1)))
        cameras = np.concatenate([(origin - np.array(FRAME_SIZE) / 2) * depth / _PHALP_FOCAL, depth], axis=1)
        cameras = cameras.astype(np.float32)
        boxes = (corners + noise.pixels * height * rng.normal(size=(n, 4))).astype(np.float32)
        joints_2d = project(joints, cameras)
        looks = _LOOK_SCALE * (self._looks[rows] + noise.appearance * rng.normal(size=(n, 64)))
        side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        return People(
            detections=Detections(boxes, np.full(n, 0.9, np.float32)),
            squares=Squares(_centers(boxes), side, np.zeros(n, np.float32)),
            smpl=smpl,
            crop_cameras=np.tile(np.array([0.9, 0, 0], np.float32), (n, 1)),
            cameras=cameras,
            joints_3d=joints,
            joints_2d=joints_2d,
            pose=pose_vectors(smpl, cameras),
            location=location_vectors(padded_coordinates(joints_2d, FRAME_SIZE), cameras),
            appearance=looks.astype(np.float32) if appearance is None else appearance,
            presence=np.ones(n, np.float32),
            identities=np.full(n, -1),
            annotated=np.zeros(n, np.bool_),
        )


_LOOK_SCALE = 50.0
"""Brings the squared distance of two embeddings, divided by 1000, to about 0.4 between people: a factor of 2.6."""


def project(joints: Float32, cameras: Float32) -> Float32:
    """Return joints (n, j, 3) in pixels, (n, j, 2), seen by PHALP's cameras (n, 3)."""
    points = joints + cameras[:, None]
    return np.asarray(points[..., :2] / points[..., 2:] * _PHALP_FOCAL + np.array(FRAME_SIZE) / 2, np.float32)


def _paths(rng: np.random.Generator, speed: Float64, frames: int, turning: float) -> tuple[Float64, Float64]:
    """Return headings (frames, n) and places on the ground (frames, n, 2), x right and z away from the camera."""
    n = len(speed)
    seconds = 1 / FRAMES_PER_SECOND
    place = np.stack([rng.uniform(-3, 3, n), rng.uniform(7, 13, n)], axis=1)
    heading = rng.uniform(-np.pi, np.pi, n)
    middle = np.array([0.0, 10.0])
    headings, places = [], []
    for _ in range(frames):
        headings.append(heading)
        places.append(place)
        place = place + (speed * seconds)[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
        home = middle - place
        # Whoever strays from the middle turns back, gently, so that everybody stays in the picture.
        astray = np.arctan2(home[:, 0], home[:, 1]) - heading
        astray = (astray + np.pi) % (2 * np.pi) - np.pi
        pull = np.clip(np.hypot(home[:, 0], home[:, 1]) - 2.0, 0, 2) * np.sign(astray) * np.minimum(np.abs(astray), 1)
        heading = heading + 0.8 * pull * seconds + turning * np.sqrt(seconds) * rng.normal(size=n)
    return np.array(headings), np.array(places)


def _gait(cycle: Float64, speed: Float64) -> Float64:
    """Return rotation vectors (n, 24, 3) of a walk at ``cycle`` radians of its period."""
    vectors = np.zeros((len(cycle), NUMBER_OF_ROTATIONS, 3))
    stride = 0.35 * speed
    for side, sign in ((0, 1.0), (1, -1.0)):
        swing = sign * np.sin(cycle)
        vectors[:, _HIPS[side], 0] = -stride * swing
        vectors[:, _KNEES[side], 0] = 0.5 * speed * np.maximum(0, sign * np.cos(cycle)) + 0.1
        vectors[:, _SHOULDERS[side], 2] = -sign * 1.2
        vectors[:, _SHOULDERS[side], 0] = 0.6 * stride * swing
        vectors[:, _ELBOWS[side], 1] = -sign * 0.3
    return vectors


def _centers(boxes: Float32) -> Float32:
    return (boxes[:, :2] + boxes[:, 2:]) * np.float32(0.5)


def _boxes(joints_2d: Float32) -> Float64:
    low, high = joints_2d.min(axis=1), joints_2d.max(axis=1)
    margin = 0.08 * (high - low)[:, 1:]
    return np.concatenate([low - margin, high + margin], axis=1).astype(np.float64)
