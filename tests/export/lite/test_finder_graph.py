"""The finder: peaks, boxes, scores and the suppression of duplicates, through the graph that follows the network."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from export.lite.finder.graph import HEADS, FinderOptions, build_decoding
from export.lite.finder.movenet import CELLS, STRIDE
from export.lite.finder.reference import decode
from tests.export.lite.graphs import Graph
from tracker_service.types import Float32

OPTIONS = FinderOptions()
CELL = (20, 30)
"""Row and column of the made-up person's centre."""


@pytest.fixture(scope="module")
def decoding() -> Graph:
    return Graph(build_decoding(OPTIONS))


def empty_heads() -> dict[str, Float32]:
    heads = {name: np.zeros((1, size, CELLS, CELLS), np.float32) for name, size in HEADS.items()}
    heads["center"][:] = heads["heatmaps"][:] = -20
    return heads


def with_person(heads: dict[str, Float32], cell: tuple[int, int], keypoint: float = 20) -> dict[str, Float32]:
    """Add a person 10 cells high and 6 wide, with all keypoints at the centre, of the logit ``keypoint``."""
    row, column = cell
    heads["center"][0, 0, row, column] = 2
    heads["box_scale"][0, :, row, column] = 10, 6
    heads["box_offset"][0, :, row, column] = 0.5
    heads["heatmaps"][0, :, row, column] = keypoint
    return heads


def found(decoding: Graph, heads: dict[str, Float32]) -> tuple[Float32, Float32]:
    outputs = decoding(**{f"{name}_in": head for name, head in heads.items()})
    count = int((outputs["scores"][0] > 0).sum())
    assert not outputs["boxes"][0, count:].any()
    return outputs["boxes"][0, :count], outputs["scores"][0, :count]


def test_a_person_comes_out_as_box_and_score(decoding: Graph) -> None:
    boxes, scores = found(decoding, with_person(empty_heads(), CELL))
    np.testing.assert_allclose(boxes, [[27.5 * STRIDE, 15.5 * STRIDE, 33.5 * STRIDE, 25.5 * STRIDE]], atol=1e-4)
    np.testing.assert_allclose(scores, [1 / (1 + np.exp(-2))], atol=1e-5)


def test_a_centre_without_keypoints_is_nobody(decoding: Graph) -> None:
    assert not len(found(decoding, with_person(empty_heads(), CELL, keypoint=-5))[1])


def test_keypoints_outside_the_box_do_not_count(decoding: Graph) -> None:
    heads = with_person(empty_heads(), CELL, keypoint=-20)
    heads["heatmaps"][0, :, CELL[0] + 8, CELL[1]] = 20  # the box ends five and a half rows below the centre
    assert not len(found(decoding, heads)[1])


def test_nothing_comes_out_of_an_empty_picture(decoding: Graph) -> None:
    assert not len(found(decoding, empty_heads())[1])


def test_neighbouring_centres_are_one_person_and_far_ones_two(decoding: Graph) -> None:
    heads = with_person(with_person(empty_heads(), CELL), (CELL[0], CELL[1] + 2))
    heads["center"][0, 0, CELL[0], CELL[1] + 2] = 1  # not the highest around
    assert len(found(decoding, heads)[1]) == 1
    assert len(found(decoding, with_person(heads, (50, 50)))[1]) == 2


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), batch=st.sampled_from([1, 3]))
def test_graph_equals_numpy_row_by_row(decoding: Graph, seed: int, batch: int) -> None:
    random = np.random.default_rng(seed)
    heads = {name: random.normal(0, 2, (batch, size, CELLS, CELLS)).astype(np.float32) for name, size in HEADS.items()}
    heads["box_scale"] = np.abs(heads["box_scale"]) * 8
    outputs = decoding(**{f"{name}_in": head for name, head in heads.items()})
    for row in range(batch):
        boxes, scores = decode({name: head[row] for name, head in heads.items()}, OPTIONS)
        np.testing.assert_allclose(outputs["scores"][row], scores, atol=1e-5)
        np.testing.assert_allclose(outputs["boxes"][row], boxes, atol=1e-3)


def test_rows_of_a_batch_do_not_influence_each_other(finder_file: onnx.ModelProto, people: NDArray[np.uint8]) -> None:
    graph = Graph(finder_file)
    together = graph(images=people[:4])
    for row in range(4):
        alone = graph(images=people[row : row + 1])
        np.testing.assert_allclose(together["scores"][row], alone["scores"][0], atol=1e-5)
        np.testing.assert_allclose(together["boxes"][row], alone["boxes"][0], atol=1e-2)
    assert together["scores"][0, 0] > 0.5, "the rendered person is found"
