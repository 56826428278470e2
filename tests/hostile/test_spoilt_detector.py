"""A detector that answers what no detector may answer: the frame is refused, and the error names the model."""

from math import inf, nan
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tracker_service.errors import InferenceFailedError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.types import ArrayPicture, Frame

SIDE = 32


def detector(repository: Path, box: list[float], score: float) -> PersonDetector:
    """Return one that answers the same box for every image."""
    graph = helper.make_graph(
        [helper.make_node("Identity", ["box"], ["boxes"]), helper.make_node("Identity", ["score"], ["scores"])],
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1]),
        ],
        [
            helper.make_tensor("box", TensorProto.FLOAT, [1, 1, 4], box),
            helper.make_tensor("score", TensorProto.FLOAT, [1, 1], [score]),
        ],
    )
    folder = repository / "constant" / "1"
    folder.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    return PersonDetector(EmbeddedClient(repository, threads=1), "constant")


FRAME = Frame(0, 0.0, ArrayPicture(np.zeros((SIDE, SIDE, 3), np.uint8)))


@pytest.mark.parametrize(
    ("box", "score"),
    [
        ([1, 1, inf, 9], 0.5),
        ([nan, 1, 9, 9], 0.5),
        ([1, 1, 9, 9], inf),
        ([1, 1, 9, 9], nan),
        ([9, 1, 1, 9], 0.5),
        ([1, 9, 9, 1], 0.5),
    ],
)
def test_a_box_that_cannot_be_is_an_error_of_the_model(tmp_path: Path, box: list[float], score: float) -> None:
    with pytest.raises(InferenceFailedError, match=r"^model constant: expected .*boxes"):
        detector(tmp_path, box, score).detect([FRAME])


def test_the_corners_of_no_box_say_nothing(tmp_path: Path) -> None:
    assert len(detector(tmp_path, [nan, inf, -inf, nan], 0.0).detect([FRAME])[0].scores) == 0
