"""The lite models with a detector that looks at a third of the pixels, which finds the people of the sample as well.

For tests that ask whether frames come, go on and stay, not how well people are found: a job of 24 frames takes two
thirds of the time. The graphs are already those that ONNX Runtime optimises for this machine: half the time to open.
"""

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from export.lite.detector.graph import DetectorOptions, cell_centers
from export.lite.golden import write_lite_golden
from tracker_service.inference.model_repository import default_repository
from tracker_service.types import Float32

_DETECTOR = "detector_lite"
_OPENED = (_DETECTOR, "hmr_lite", "person_finder")
_SIDE = 256
"""Of the detector's pictures, pixels. With 224 it lost a person of the sample in two frames, who is partly hidden."""


def write_quick_models(folder: Path) -> Path:
    """Fill an empty folder with a model repository, and return it."""
    for model in (path for path in default_repository().iterdir() if path.is_dir()):
        if model.name not in _OPENED:
            (folder / model.name).symlink_to(model)
            continue
        target = shutil.copytree(model, folder / model.name) / "1" / "model.onnx"
        graph = onnx.load(target)
        _optimise(_of_small_pictures(graph) if model.name == _DETECTOR else graph, target)
    write_lite_golden(folder, _DETECTOR)
    return folder


def _optimise(model: onnx.ModelProto, target: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that the file is for this machine only
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(model.SerializeToString(), options)


def _of_small_pictures(model: onnx.ModelProto) -> onnx.ModelProto:
    """Change the graph's input and the three constants that hold where its cells are."""
    whole = DetectorOptions().size
    changed = 0
    for constant in model.graph.initializer:
        values = numpy_helper.to_array(constant)
        for old, new in zip(_cells(whole), _cells(_SIDE), strict=True):
            if values.shape == old.shape and np.array_equal(values, old):
                constant.CopyFrom(numpy_helper.from_array(new.astype(values.dtype), constant.name))
                changed += 1
    assert changed == 3, f"expected the centres, strides and limit of the detector's cells, got {changed} of them"
    for side in model.graph.input[0].type.tensor_type.shape.dim[1:3]:
        side.dim_value = _SIDE
    del model.graph.value_info[:]  # shapes of the larger pictures
    return model


def _cells(side: int) -> tuple[Float32, Float32, Float32]:
    """Return what the picture's side decides: (cells, 4) centres, (cells, 1) strides, the largest coordinate."""
    centers, strides = cell_centers(side)
    return np.tile(centers, (1, 2)), strides, np.array(side, np.float32)
