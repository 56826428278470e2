"""Model repositories with small graphs."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from tracker_service.inference.client import Tensor


def save_model(repository: Path, name: str, version: int = 1, factor: float = 2.0, reshape: bool = False) -> None:
    """A model with `double` = factor * images; with `reshape` it only works for one row."""
    middle = [helper.make_node("Reshape", ["real", "one_row"], ["shaped"])] if reshape else []
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["images"], ["real"], to=TensorProto.FLOAT),
            *middle,
            helper.make_node("Mul", ["shaped" if reshape else "real", "factor"], ["double"]),
        ],
        name,
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 2, 3])],
        [helper.make_tensor_value_info("double", TensorProto.FLOAT, ["N", 2, 3])],
        [
            helper.make_tensor("factor", TensorProto.FLOAT, [], [factor]),
            helper.make_tensor("one_row", TensorProto.INT64, [3], [1, 2, 3]),
        ],
    )
    folder = repository / name / str(version)
    folder.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))


def images(rows: int) -> Tensor:
    return np.arange(rows * 6, dtype=np.uint8).reshape(rows, 2, 3)
