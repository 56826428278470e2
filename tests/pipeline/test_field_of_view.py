"""What a model that sees fields of view is shown, and what is made of its answers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.export.golden import golden
from tracker_service.errors import ModelContractError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.pipeline.models.field_of_view import FieldOfViewModel, on_white


def brightness_model(folder: Path, output: str = "vfov") -> EmbeddedClient:
    """A model that takes the share of light in the picture for radians."""
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["grey", "axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "white"], ["share"]),
        helper.make_node("Reshape", ["share", "shape"], [output]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [3], [1, 2, 3]),
        helper.make_tensor("white", TensorProto.FLOAT, [], [255]),
        helper.make_tensor("shape", TensorProto.INT64, [2], [-1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 256, 256, 3])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", 1])],
        constants,
    )
    path = folder / "vfov" / "1" / "model.onnx"
    path.parent.mkdir(parents=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return EmbeddedClient(folder, threads=1)


def test_pictures_lie_in_the_white_as_camerahmr_puts_them() -> None:
    numbers = golden("camerahmr_small")
    for (height, width), (x, y, wide, high) in zip(numbers["fov_image_hw"], numbers["fov_letterbox_xywh"], strict=True):
        canvas = on_white(np.zeros((int(height), int(width), 3), np.uint8))
        rows, columns = np.nonzero((canvas == 0).all(axis=2))
        assert (columns.min(), rows.min()) == (x, y)
        assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == (wide, high)
        assert canvas.max() in {0, 255}


def test_the_median_of_a_video_s_pictures_counts(tmp_path: Path) -> None:
    model = FieldOfViewModel(brightness_model(tmp_path), "vfov")
    pictures = [np.full((64, 64, 3), level, np.uint8) for level in (0, 255, 128, 100, 140)]
    assert model.degrees(pictures) == pytest.approx(np.degrees(128 / 255), rel=1e-5)
    assert model.degrees(pictures[:1]) == 0.5  # a wild answer stays a camera


def test_a_model_of_other_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelContractError, match=r"missing .'vfov'."):
        FieldOfViewModel(brightness_model(tmp_path, output="angle"), "vfov")
