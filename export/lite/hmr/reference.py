"""The graph's oracle: the same for one person, step by step in numpy and double precision."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from export.body import skeleton as body
from export.lite.hmr import directions as way
from export.lite.hmr.anatomy import (
    FOLLOWERS,
    LEAN_LIMIT,
    LIMBS,
    PARTS,
    RESTING_HINGE,
    SPINE_PARTS,
    STRAIGHT,
    TURNS,
    USUAL_HINGE_WEIGHT,
)
from export.lite.hmr.blazepose import FITTED
from export.lite.hmr.tables import BodyTables
from tracker_service.types import Float32, Float64
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

_BASES = (body.PELVIS, body.CHEST, body.LEFT_ELBOW, body.RIGHT_ELBOW, body.LEFT_KNEE, body.RIGHT_KNEE)
"""Where each of the `TURNS` starts."""


@dataclass(frozen=True, slots=True)
class FittedBody:
    """A posed body.

    Attributes:
        rotations: (24, 3, 3) of the joints, global.
        local: (24, 3, 3) relative to the parents.
        camera: (3,) s, tx, ty.
        joints: (44, 3) output joints.
        vertices: (V, 3).
        landmarks: (33, 3) where BlazePose's landmarks lie on the posed body.
    """

    rotations: Float64
    local: Float64
    camera: Float64
    joints: Float64
    vertices: Float64
    landmarks: Float64


def fit_body(world: Float64, pixels: Float64, visibility: Float64, tables: BodyTables, trust: float) -> FittedBody:
    """Fit the body to one person's landmarks.

    Args:
        world: (33, 3) metres, x right, y down, z away.
        pixels: (33, 2) crop pixels.
        visibility: (33,) logits.
        tables: the resting body.
        trust: how far x and y of ``world`` are drawn towards ``pixels``, 0 to 1.
    """
    image = pixels / 128.0 - 1.0
    weights = 1 / (1 + np.exp(-visibility[list(FITTED)])) + 0.05
    scale, shift = fit_similarity(world[:, :2], image, weights)
    drawn = world.copy()
    drawn[:, :2] += trust * (image / scale - shift - world[:, :2])
    rotations = joint_rotations(drawn, tables)
    local = rotations.copy()
    for joint, parent in enumerate(body.PARENTS[1:], start=1):
        local[joint] = rotations[parent].T @ rotations[joint]
    transforms = _bone_transforms(rotations, tables)
    landmarks = tables.landmark_transforms.T @ transforms
    scale, shift = fit_similarity(landmarks[:, :2], image, weights)
    return FittedBody(
        rotations=rotations,
        local=local,
        camera=np.array([scale, *shift]),
        joints=tables.joint_transforms.T @ transforms,
        vertices=_skinned(transforms, tables),
        landmarks=landmarks,
    )


def fit_similarity(model: Float64, image: Float64, weights: Float64) -> tuple[float, Float64]:
    """Return scale and (2,) shift with scale (model + shift) nearest to ``image`` over the fitted landmarks."""
    a, b, w = model[list(FITTED)], image[list(FITTED)], weights / weights.sum()
    a_mean, b_mean = w @ a, w @ b
    cross = (w[:, None] * (a - a_mean) * (b - b_mean)).sum()
    scale = float(np.clip(cross / ((w[:, None] * (a - a_mean) ** 2).sum() + 1e-6), 0.05, 10.0))
    return scale, b_mean / scale - a_mean


def joint_rotations(landmarks: Float64, tables: BodyTables) -> Float64:
    """Return (24, 3, 3) global rotations from (33, 3) landmarks."""
    seen = way.direction_matrix() @ landmarks
    rest = tables.directions
    across, up = way.TRUNK_ACROSS, way.TRUNK_UP
    trunk = [_turn((rest[a], rest[u]), (seen[a], seen[u])) for a, u in zip(across, up, strict=True)]
    found: dict[int, Float64] = {body.PELVIS: trunk[0], body.CHEST: trunk[1]}
    hinges = []
    for limb, (upper, lower, parent) in enumerate(LIMBS):
        span = _unit(seen[way.UPPER[limb]] - found[parent] @ tables.limb_starts[limb])
        low = _unit(seen[way.LOWER[limb]])
        hinge = _hinge(span, low, found[parent], rest[way.UPPER[limb]], RESTING_HINGE[limb])
        found[upper] = _turn((rest[way.UPPER[limb]], RESTING_HINGE[limb]), (span, hinge))
        found[lower] = _turn((rest[way.LOWER[limb]], RESTING_HINGE[limb]), (low, hinge))
        hinges.append(hinge)
    ends = [
        _turn((rest[end], rest[side]), (seen[end], seen[side]))
        for end, side in zip(way.ENDS[:2], way.HANDS_ACROSS, strict=True)
    ] + [
        _turn((rest[end], RESTING_HINGE[limb]), (seen[end], hinges[limb]))
        for end, limb in zip(way.ENDS[2:], (2, 3), strict=True)
    ]
    wanted = [found[body.CHEST], trunk[2], *ends]
    for part in PARTS:
        base = found[_BASES[part.turn]]
        relative = base.T @ wanted[part.turn]
        found[part.joint] = base @ _share_of(relative, part.share, TURNS[part.turn].limit)
    lean = _lean(seen[way.TRUNK_UP[0]], found, tables)
    for part in PARTS[:SPINE_PARTS]:
        found[part.joint] = lean @ found[part.joint]
    for follower, leader in FOLLOWERS.items():
        found[follower] = found[leader]
    return np.stack([found[joint] for joint in range(NUMBER_OF_ROTATIONS)])


def _unit(vector: Float64) -> Float64:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _frame(primary: Float64, secondary: Float64) -> Float64:
    x = _unit(primary)
    z = _unit(np.cross(x, secondary))
    return np.stack([x, np.cross(z, x), z], axis=1)


def _turn(resting: tuple[Float64, Float64 | Float32], seen: tuple[Float64, Float64]) -> Float64:
    """Return the rotation of the resting pair of directions onto the seen one, exact for the first of each."""
    return _frame(*seen) @ _frame(resting[0], np.asarray(resting[1], np.float64)).T


def _hinge(upper: Float64, lower: Float64, parent: Float64, resting: Float64, resting_hinge: Float32) -> Float64:
    """Return the axis that a limb bends about; see `kinematics_graph`."""
    local = parent.T @ upper
    axis = _unit(resting_hinge - resting * (resting_hinge @ resting))
    carried, _ = Rotation.align_vectors(local, resting)
    usual = parent @ carried.apply(axis)
    bend = np.cross(upper, lower)
    weight = max(0.0, USUAL_HINGE_WEIGHT * (1 - float(np.linalg.norm(bend)) / STRAIGHT)) + 0.01
    return bend - usual * min(0.0, float(bend @ usual)) + usual * weight


def _share_of(turn: Float64, share: float, limit: float) -> Float64:
    """Return a share of a turn whose angle was cut to ``limit`` degrees (linear interpolation of quaternions)."""
    vector = Rotation.from_matrix(turn).as_rotvec()
    angle = float(np.linalg.norm(vector))
    cut = min(angle, np.radians(limit))
    part = 2 * np.arctan2(share * np.sin(cut / 2), 1 - share + share * np.cos(cut / 2))
    return Rotation.from_rotvec(_unit(vector) * part).as_matrix()


def _lean(seen: Float64, found: dict[int, Float64], tables: BodyTables) -> Float64:
    """Return what the spine turns by: twice the angle from where the shoulders would be to where they are seen."""
    links = (found[body.PELVIS], found[3], found[6], found[body.CHEST])
    now = _unit(sum((r @ link for r, link in zip(links, tables.trunk_links, strict=True)), np.zeros(3)))
    axis = np.cross(now, _unit(seen))
    sine = float(np.linalg.norm(axis))
    angle = 2 * np.arctan2(sine, float(now @ _unit(seen)) + 1e-3)
    return Rotation.from_rotvec(_unit(axis) * min(angle, np.radians(LEAN_LIMIT))).as_matrix()


def _bone_transforms(rotations: Float64, tables: BodyTables) -> Float64:
    """Return (96, 3): for each bone what x, y, z and 1 of a resting point are multiplied by."""
    rest = tables.joints.astype(np.float64)
    posed = np.zeros((NUMBER_OF_ROTATIONS, 3))
    posed[0] = rest[0]
    for joint, parent in enumerate(body.PARENTS[1:], start=1):
        posed[joint] = posed[parent] + rotations[parent] @ (rest[joint] - rest[parent])
    offsets = posed - np.einsum("jab,jb->ja", rotations, rest)
    return np.concatenate([rotations.transpose(0, 2, 1), offsets[:, None]], axis=1).reshape(96, 3)


def _skinned(transforms: Float64, tables: BodyTables) -> Float64:
    blended = np.einsum("vk,kca->vca", tables.weights, transforms.reshape(NUMBER_OF_ROTATIONS, 4, 3))
    resting = np.concatenate([tables.vertices, np.ones((len(tables.vertices), 1))], axis=1)
    return np.asarray(np.einsum("vca,vc->va", blended, resting))
