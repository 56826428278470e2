"""The committed body model file as a whole."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from export.lite.hmr.build import TOLERANCE, parity
from export.lite.hmr.tables import BodyTables
from tests.export.lite.graphs import Graph
from tracker_service.body.model import BodyModel
from tracker_service.types import Smpl

BODY = Path(__file__).resolve().parents[3] / "model_repository" / "hmr_lite" / "body_model.npz"


@pytest.fixture(scope="module")
def hmr(hmr_file: onnx.ModelProto) -> Graph:
    return Graph(hmr_file)


@pytest.mark.parametrize("batch", [1, 3, 16])
def test_model_equals_numpy(
    hmr_file: onnx.ModelProto, tables: BodyTables, people: NDArray[np.uint8], batch: int
) -> None:
    assert parity(hmr_file, tables, people[:batch]) < TOLERANCE


@pytest.mark.parametrize("grey", [0, 255])
def test_a_crop_without_anybody_gives_finite_outputs_and_rotations(hmr: Graph, grey: int) -> None:
    outputs = hmr(crops=np.full((1, 256, 256, 3), grey, np.uint8))
    assert all(np.isfinite(value).all() for value in outputs.values())
    rotations = np.concatenate([outputs["global_orient"], outputs["body_pose"]], axis=1)
    products = rotations @ rotations.swapaxes(-1, -2)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(3), products.shape), atol=1e-5)
    assert outputs["presence"][0, 0] < 0.3


def test_rendered_person_is_present_and_inside_the_crop(hmr: Graph, people: NDArray[np.uint8]) -> None:
    outputs = hmr(crops=people[:1])
    assert outputs["presence"][0, 0] > 0.9
    s, tx, ty = outputs["pred_cam"][0]
    camera = np.array([tx, ty, 2 * 5000 / (256 * s + 1e-9)])
    points = outputs["joints_3d"][0] + camera
    pixels = 5000 * points[:, :2] / points[:, 2:] + 128
    assert (pixels > 0).all()
    assert (pixels < 256).all()
    assert np.ptp(pixels[:, 1]) > 150, "the person fills the crop"


def test_outputs_agree_with_the_service_own_body_model(hmr: Graph, people: NDArray[np.uint8]) -> None:
    outputs = hmr(crops=people[:4])
    smpl = Smpl(outputs["global_orient"], outputs["body_pose"], outputs["betas"])
    body = BodyModel.load(BODY)
    np.testing.assert_allclose(body.joints(smpl), outputs["joints_3d"], atol=2e-5)
    np.testing.assert_allclose(body.vertices(smpl), outputs["vertices"], atol=2e-5)


def test_rows_of_a_batch_do_not_influence_each_other(hmr: Graph, people: NDArray[np.uint8]) -> None:
    together = hmr(crops=people[:4])
    for row in range(4):
        for name, value in hmr(crops=people[row : row + 1]).items():
            np.testing.assert_allclose(together[name][row], value[0], atol=1e-3)
