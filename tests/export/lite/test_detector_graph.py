"""The detector: decoding, suppression of duplicates and order, through the graph that follows the network."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.lite.detector.graph import (
    CELL_SCORES,
    CELL_SIDES,
    DetectorOptions,
    build_decoding,
    cell_centers,
)
from export.lite.detector.reference import decode, overlaps
from export.lite.onnx.graph_builder import revealing
from tests.export.lite.graphs import Graph
from tests.export.lite.heads import Box, heads_with
from tracker_service.types import Float32, UInt8

OPTIONS = DetectorOptions()
DATA = Path(__file__).resolve().parents[2] / "data" / "lite_networks.npz"
PERSON: Box = (100, 100, 160, 280)


@pytest.fixture(scope="module")
def decoding() -> Graph:
    return Graph(build_decoding(OPTIONS))


def rendered_person() -> UInt8:
    with np.load(DATA) as arrays:
        return np.asarray(arrays["crop"], np.uint8)


def found(decoding: Graph, people: list[tuple[Box, float]]) -> tuple[Float32, Float32]:
    scores, sides = heads_with(people)
    outputs = decoding(cell_scores_in=scores, cell_sides_in=sides)
    count = int((outputs["scores"][0] > 0).sum())
    return outputs["boxes"][0, :count], outputs["scores"][0, :count]


def test_a_person_comes_out_as_box_and_score(decoding: Graph) -> None:
    boxes, scores = found(decoding, [(PERSON, 0.8)])
    np.testing.assert_allclose(boxes, [PERSON], atol=1e-2)
    np.testing.assert_allclose(scores, [0.8], atol=1e-6)


def test_an_empty_image_gives_only_zeros(decoding: Graph) -> None:
    scores, sides = heads_with([])
    outputs = decoding(cell_scores_in=scores, cell_sides_in=sides)
    assert not outputs["boxes"].any()
    assert not outputs["scores"].any()


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        ((102.0, 101.0, 161.0, 282.0), 1),  # the same person again
        ((100.0, 100.0, 160.0, 200.0), 1),  # the upper half: IoU 0.56
        ((100.0, 100.0, 160.0, 185.0), 2),  # less than half: IoU 0.47
        ((125.0, 100.0, 185.0, 280.0), 2),  # somebody beside: IoU 0.41
        ((200.0, 100.0, 260.0, 280.0), 2),  # somebody else
    ],
)
def test_overlapping_boxes(decoding: Graph, other: Box, kept: int) -> None:
    boxes, scores = found(decoding, [(PERSON, 0.6), (other, 0.7)])
    assert len(boxes) == kept
    assert scores[0] == pytest.approx(0.7)
    np.testing.assert_allclose(boxes[0], other, atol=1e-2)


def test_scores_descend_and_what_lies_below_the_floor_is_left_out(decoding: Graph) -> None:
    people: list[tuple[Box, float]] = [
        ((20.0 + 60 * i, 50, 60.0 + 60 * i, 150), score) for i, score in enumerate([0.3, 0.9, 0.04, 0.06, 0.5])
    ]
    boxes, scores = found(decoding, people)
    np.testing.assert_allclose(scores, [0.9, 0.5, 0.3, 0.06], atol=1e-6)
    np.testing.assert_allclose(boxes[:, 0], [80, 260, 20, 200], atol=1e-2)


def test_boxes_end_at_the_border_of_the_image(decoding: Graph) -> None:
    boxes, _ = found(decoding, [((-30, 300, 40, 440), 0.8)])
    np.testing.assert_allclose(boxes, [(0, 300, 40, 416)], atol=1e-2)


def test_more_people_than_rows_keeps_the_best_hundred(decoding: Graph) -> None:
    scores = np.full((1, len(cell_centers(416)[0]), 1), 0.001, np.float32)
    sides = np.full((1, scores.shape[1], 4, 11), -20, np.float32)
    sides[..., 0] = 0  # boxes without area never overlap
    chosen = np.arange(0, 300, 2)
    scores[0, chosen, 0] = np.linspace(0.2, 0.9, len(chosen))
    outputs = decoding(cell_scores_in=scores, cell_sides_in=sides.reshape(1, -1, 44))
    np.testing.assert_allclose(outputs["scores"][0], np.linspace(0.2, 0.9, len(chosen))[::-1][:100], atol=1e-6)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), batch=st.sampled_from([1, 3, 16]))
def test_graph_equals_numpy_row_by_row(decoding: Graph, seed: int, batch: int) -> None:
    random = np.random.default_rng(seed)
    cells = len(cell_centers(OPTIONS.size)[0])
    scores = random.beta(0.3, 3, (batch, cells, 1)).astype(np.float32)
    sides = random.normal(0, 3, (batch, cells, 44)).astype(np.float32)
    outputs = decoding(cell_scores_in=scores, cell_sides_in=sides)
    for row in range(batch):
        boxes, wanted = decode(scores[row, :, 0], sides[row], OPTIONS)
        np.testing.assert_allclose(outputs["scores"][row], wanted, atol=1e-6)
        np.testing.assert_allclose(outputs["boxes"][row], boxes, atol=1e-3)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_two_boxes_overlap_by_more_than_the_limit(decoding: Graph, seed: int) -> None:
    random = np.random.default_rng(seed)
    cells = len(cell_centers(OPTIONS.size)[0])
    scores = random.beta(0.5, 2, (1, cells, 1)).astype(np.float32)
    sides = np.sort(random.normal(0, 3, (1, cells, 4, 11)), axis=3).astype(np.float32).reshape(1, cells, 44)
    outputs = decoding(cell_scores_in=scores, cell_sides_in=sides)
    boxes = outputs["boxes"][0][outputs["scores"][0] > 0].astype(np.float64)
    assert len(boxes) > 1
    assert max(overlaps(box, boxes[:row]).max(initial=0) for row, box in enumerate(boxes)) <= OPTIONS.iou + 1e-5


@pytest.mark.parametrize("batch", [1, 3, 16])
def test_committed_model_equals_numpy_from_its_heads_on(detector_file: onnx.ModelProto, batch: int) -> None:
    graph = Graph(revealing(detector_file, [CELL_SCORES, CELL_SIDES]))
    person = rendered_person()
    images = np.random.default_rng(batch).integers(0, 256, (batch, 416, 416, 3), np.uint8)
    for row in range(batch):
        images[row, 10 * row : 10 * row + 256, 5 * row : 5 * row + 256] = person
    outputs = graph(images=images)
    for row in range(batch):
        boxes, scores = decode(outputs[CELL_SCORES][row, :, 0], outputs[CELL_SIDES][row], OPTIONS)
        np.testing.assert_allclose(outputs["scores"][row], scores, atol=1e-6)
        np.testing.assert_allclose(outputs["boxes"][row], boxes, atol=1e-3)
        assert scores[0] > 0.3, "the rendered person is found"


def test_rows_of_a_batch_do_not_influence_each_other(detector_file: onnx.ModelProto) -> None:
    graph = Graph(detector_file)
    images = np.random.default_rng(0).integers(0, 256, (3, 416, 416, 3), np.uint8)
    images[1, 80:336, 80:336] = rendered_person()
    together = graph(images=images)
    for row in range(3):
        alone = graph(images=images[row : row + 1])
        np.testing.assert_allclose(together["scores"][row], alone["scores"][0], atol=1e-5)
        np.testing.assert_allclose(together["boxes"][row], alone["boxes"][0], atol=1e-2)
