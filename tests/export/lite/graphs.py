"""Running an ONNX model by tensor names."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray


class Graph:
    """A session with two threads that answers all outputs by name."""

    def __init__(self, model: onnx.ModelProto) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(self._names, self._session.run(self._names, inputs), strict=True))
