"""Reading a TensorFlow Lite file: one graph of operations over numbered tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.lite.onnx.graph_builder import Array
from tracker_service.errors import ExportError

try:
    import tflite
except ImportError as error:
    raise ExportError('reading .tflite files needs the package tflite: pip install "phalp-triton[export]"') from error

_TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
_OPERATORS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if not name.startswith("_")}
_ACTIVATIONS = {0: "", 1: "RELU", 3: "RELU6"}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph; ``value`` is None unless it is constant."""

    name: str
    shape: tuple[int, ...]
    value: Array | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name in TensorFlow Lite, numbers of its tensors (-1: left out), and its options.

    The file's schema has a class for each kind of options; they are opened where they are used.
    """

    operator: str
    inputs: tuple[int, ...]
    output: int
    _table: Any

    def options(self, kind: str) -> Any:
        """Open the options as the schema's class ``kind``."""
        options = getattr(tflite, kind)()
        options.Init(self._table.Bytes, self._table.Pos)
        return options

    def activation(self, options: Any) -> str:
        """Return the activation fused into the operation: RELU, RELU6 or none."""
        code = options.FusedActivationFunction()
        if code not in _ACTIVATIONS:
            raise ExportError(f"{self.operator}: expected a rectifier or no activation, got number {code}")
        return _ACTIVATIONS[code]


@dataclass(frozen=True, slots=True)
class LiteModel:
    """Operations in order, tensors by number, and the numbers of the graph's inputs and outputs."""

    operations: tuple[Operation, ...]
    tensors: Mapping[int, Tensor]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_lite_model(path: Path) -> LiteModel:
    """Read a .tflite file with one graph; raises `ExportError`."""
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise ExportError(f"{path}: expected a TensorFlow Lite file, got one that starts with {content[:8]!r}")
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    return LiteModel(
        operations=tuple(_operation(model, graph.Operators(i)) for i in range(graph.OperatorsLength())),
        tensors={i: _tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())},
        inputs=tuple(graph.InputsAsNumpy().tolist()),
        outputs=tuple(graph.OutputsAsNumpy().tolist()),
    )


def _operation(model: Any, operator: Any) -> Operation:
    code = model.OperatorCodes(operator.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # small numbers are in the old field only
    return Operation(
        operator=_OPERATORS[number],
        inputs=tuple(operator.InputsAsNumpy().tolist()),
        output=operator.Outputs(0),
        _table=operator.BuiltinOptions(),
    )


def _tensor(model: Any, tensor: Any) -> Tensor:
    name = tensor.Name().decode()
    if tensor.Sparsity() is not None:
        raise ExportError(f"tensor {name}: expected dense weights, got sparse ones")
    shape = tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    if buffer.DataLength() == 0:
        return Tensor(name, shape, None)
    value = np.frombuffer(buffer.DataAsNumpy().tobytes(), _TYPES[tensor.Type()]).reshape(shape)
    return Tensor(name, shape, value)
