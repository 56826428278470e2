"""The converted networks against answers of conversions that were checked with the reference runtimes.

`tests/data/lite_networks.npz` holds a rendered person and what NanoDet and BlazePose, converted by independent scripts,
say about it; those scripts agreed with TensorFlow.js to 1.5e-5 and with MediaPipe to 0.0045 px and 0.023 mm.
`tests/data/movenet.npz` holds what TensorFlow.js itself says about the same person with MoveNet's published file.
"""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from export.lite.detector.graph import CELL_SCORES, CELL_SIDES
from export.lite.hmr.graph import OBSERVED
from export.lite.onnx.graph_builder import revealing
from tests.export.lite.graphs import Graph

DATA = Path(__file__).resolve().parents[2] / "data" / "lite_networks.npz"


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float32]]:
    with np.load(DATA) as arrays:
        return dict(arrays)


def test_nanodet_gives_the_known_scores_and_sides(
    detector_file: onnx.ModelProto, golden: dict[str, NDArray[np.float32]]
) -> None:
    image = np.full((1, 416, 416, 3), 90, np.uint8)
    image[0, 80:336, 30:286] = golden["crop"]
    image[0, 150:278, 280:408] = golden["crop"][::2, ::2]
    outputs = Graph(revealing(detector_file, [CELL_SCORES, CELL_SIDES]))(images=image)
    cells = golden["cells"].astype(np.int64)
    np.testing.assert_allclose(outputs[CELL_SCORES][0, cells, 0], golden["scores"], atol=1e-4)
    np.testing.assert_allclose(outputs[CELL_SIDES][0, cells], golden["sides"], atol=2e-3)
    assert (outputs["scores"][0] > 0.5).sum() == 2, "the person and its smaller copy"


def test_movenet_finds_the_person_where_tensorflow_js_does(
    finder_file: onnx.ModelProto, golden: dict[str, NDArray[np.float32]]
) -> None:
    outputs = Graph(finder_file)(images=golden["crop"][None].astype(np.uint8))
    with np.load(DATA.with_name("movenet.npz")) as wanted:
        np.testing.assert_allclose(outputs["boxes"][0, 0], wanted["box"], atol=0.5)  # of 256; weights are rounded
        np.testing.assert_allclose(outputs["scores"][0, 0], wanted["score"], atol=0.01)
    assert not outputs["scores"][0, 1:].any()


def test_blazepose_gives_the_known_landmarks(hmr_file: onnx.ModelProto, golden: dict[str, NDArray[np.float32]]) -> None:
    outputs = Graph(revealing(hmr_file, OBSERVED))(crops=golden["crop"][None].astype(np.uint8))
    world, pixels, visibility = (outputs[name][0] for name in OBSERVED)
    np.testing.assert_allclose(world, golden["world"], atol=1e-4)
    np.testing.assert_allclose(pixels, golden["landmarks"][:, :2], atol=2e-2)
    np.testing.assert_allclose(visibility[:, 0], golden["landmarks"][:, 3], atol=2e-2)
    np.testing.assert_allclose(outputs["presence"][0], golden["presence"], atol=1e-4)
