"""From frames of any shape to the detector's input and back, with a model that finds the bright rectangle."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.types import ArrayPicture, Frame

WIDTH, HEIGHT = 160, 96


def save_detector(repository: Path) -> None:
    """Write a detector of WIDTH x HEIGHT whose only box is that of the pixels brighter than 127."""
    nodes = [
        helper.make_node("Cast", ["images"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Greater", ["levels", "threshold"], ["bright"]),
        helper.make_node("Cast", ["bright"], ["inside"], to=TensorProto.FLOAT),
    ]
    for axis, other in (("x", 1), ("y", 2)):
        nodes += [
            helper.make_node("ReduceMax", ["inside"], [f"{axis}_profile"], axes=[other, 3], keepdims=0),
            helper.make_node("ArgMax", [f"{axis}_profile"], [f"{axis}_first"], axis=1, keepdims=1),
            helper.make_node("ArgMax", [f"{axis}_profile"], [f"{axis}_last"], axis=1, keepdims=1, select_last_index=1),
            helper.make_node("Add", [f"{axis}_last", "one"], [f"{axis}_end"]),
        ]
    nodes += [
        helper.make_node("Concat", ["x_first", "y_first", "x_end", "y_end"], ["corners"], axis=1),
        helper.make_node("Cast", ["corners"], ["box"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["box", "one"], ["boxes"]),
        helper.make_node("ReduceMax", ["inside"], ["brightest"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMax", ["brightest"], ["scores"], axes=[1], keepdims=1),
    ]
    graph = helper.make_graph(
        nodes,
        "bright",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", HEIGHT, WIDTH, 3])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 1]),
        ],
        [
            helper.make_tensor("threshold", TensorProto.FLOAT, [], [127]),
            helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        ],
    )
    folder = repository / "bright" / "1"
    folder.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))


@pytest.fixture
def detector(tmp_path: Path) -> PersonDetector:
    save_detector(tmp_path)
    return PersonDetector(EmbeddedClient(tmp_path, threads=1), "bright")


def frame(width: int, height: int, box: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Frame:
    image = np.zeros((height, width, 3), np.uint8)
    image[box[1] : box[3], box[0] : box[2]] = 255
    return Frame(0, 0.0, ArrayPicture(image))


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (320, 192, (40, 20, 90, 160)),
        (192, 320, (40, 20, 90, 160)),
        (192, 320, (150, 200, 192, 320)),
        (80, 48, (10, 5, 30, 40)),
        (1000, 100, (700, 10, 760, 90)),
        (100, 1000, (10, 700, 90, 760)),
    ],
    ids=["landscape", "portrait", "corner of a portrait", "enlarged", "wide", "tall"],
)
def test_a_person_is_found_where_they_stand_in_frames_of_every_shape(
    detector: PersonDetector, width: int, height: int, box: tuple[int, int, int, int]
) -> None:
    (found,) = detector.detect([frame(width, height, box)])
    pixel = max(width / WIDTH, height / HEIGHT)
    np.testing.assert_allclose(found.boxes, [box], rtol=0, atol=pixel)
    assert found.scores.tolist() == [1]


def test_frames_of_one_window_may_differ_in_shape_and_keep_their_own_boxes(detector: PersonDetector) -> None:
    boxes = [(40, 20, 90, 160), (100, 30, 130, 100)]
    found = detector.detect([frame(192, 320, boxes[0]), frame(50, 50), frame(320, 192, boxes[1])])
    assert [len(detections) for detections in found] == [1, 0, 1]
    for detections, box in zip((found[0], found[2]), boxes, strict=True):
        np.testing.assert_allclose(detections.boxes, [box], rtol=0, atol=320 / HEIGHT)
