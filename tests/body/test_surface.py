"""Surfaces of fewer triangles that move with the same bones."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.people.painted_body import about, load_body, standing
from tracker_service.body.model import BodyModel
from tracker_service.body.surface import SkinnedSurface
from tracker_service.types import Float32


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body()


def test_about_as_many_triangles_are_left_as_asked_for_and_all_vertices_are_used(body: BodyModel) -> None:
    coarse = body.surface.simplified(3000)
    assert len(coarse.faces) == pytest.approx(3000, rel=0.02)
    assert set(coarse.faces.ravel()) == set(range(len(coarse.v_template)))


def test_a_simplified_body_takes_the_pose_of_the_full_one(body: BodyModel) -> None:
    smpl = replace(standing(), betas=np.ones((1, 10), np.float32))
    full, coarse = body.vertices(smpl)[0], body.posed(body.surface.simplified(3000), smpl)[0]
    distances = np.asarray(cKDTree(full).query(coarse)[0])
    # The full body's vertices are about 1.7 cm apart.
    assert distances.max() < 0.06
    assert np.percentile(distances, 95) < 0.02
    np.testing.assert_allclose(np.ptp(coarse, axis=0), np.ptp(full, axis=0), atol=0.02)


def test_pose_blend_shapes_are_kept() -> None:
    body = load_body()
    bend: Float32 = np.zeros((207, len(body.v_template), 3), np.float32)
    bend[:, :, 1] = 0.1 * body.v_template[:, :1].T
    bent = SkinnedSurface(body.v_template, body.shapedirs, bend.reshape(207, -1), body.lbs_weights, body.faces)
    smpl = replace(standing(0.5), body_pose=np.tile(about(0, 1.0).astype(np.float32), (1, 23, 1, 1)))
    full, coarse = body.posed(bent, smpl)[0], body.posed(bent.simplified(3000), smpl)[0]
    plain = body.posed(body.surface.simplified(3000), smpl)[0]
    assert np.median(cKDTree(full).query(coarse)[0]) < 0.02 < np.median(cKDTree(full).query(plain)[0])
