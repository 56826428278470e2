"""A small builder for ONNX graphs that reads like array code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tracker_service.errors import ExportError

OPSET = 17
"""Newest operator set that every ONNX Runtime of the last years and TensorRT 8.6 and later read."""
IR_VERSION = 8
_LARGEST_BYTE = np.float32(127)

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Value:
    """One tensor of a graph under construction; operators append nodes to the graph."""

    graph: GraphBuilder
    name: str
    __array_ufunc__: ClassVar[None] = None  # or numpy would take an array on the left apart element by element

    def __add__(self, other: Operand) -> Value:
        return self.graph.op("Add", self, other)

    def __sub__(self, other: Operand) -> Value:
        return self.graph.op("Sub", self, other)

    def __rsub__(self, other: Array | float) -> Value:
        return self.graph.op("Sub", other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.graph.op("Mul", self, other)

    def __truediv__(self, other: Operand) -> Value:
        return self.graph.op("Div", self, other)

    def __matmul__(self, other: Operand) -> Value:
        return self.graph.op("MatMul", self, other)

    def __neg__(self) -> Value:
        return self.graph.op("Neg", self)

    def take(self, indices: Sequence[int] | int, axis: int) -> Value:
        """Pick constant ``indices`` along ``axis``; a single index removes the axis."""
        return self.graph.op("Gather", self, np.asarray(indices, np.int64), axis=axis)

    def reshape(self, *shape: int) -> Value:
        """Reshape; 0 copies that side, -1 is inferred."""
        return self.graph.op("Reshape", self, np.asarray(shape, np.int64))

    def transpose(self, *perm: int) -> Value:
        """Permute the axes."""
        return self.graph.op("Transpose", self, perm=list(perm))

    def cast(self, dtype: type[np.generic]) -> Value:
        """Convert to a numpy ``dtype``."""
        return self.graph.op("Cast", self, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def clip(self, low: float, high: float) -> Value:
        """Limit float values to [low, high]."""
        return self.graph.op("Clip", self, np.float32(low), np.float32(high))

    def sum(self, axis: int, keepdims: bool = True) -> Value:
        """Sum over one axis."""
        return self.graph.op("ReduceSum", self, np.array([axis], np.int64), keepdims=int(keepdims))


Operand: TypeAlias = Value | Array | np.generic | float


class GraphBuilder:
    """Collects nodes, constants, inputs and outputs, then makes a checked model of what the outputs need."""

    def __init__(self, name: str, half_weights: bool = False, bytes_from: int | None = None) -> None:
        """Start an empty graph.

        Args:
            name: of the graph.
            half_weights: store the constants given to `weight` in half precision behind a Cast, which ONNX Runtime
                folds when it loads the model: half the file, single precision arithmetic.
            bytes_from: store those with at least so many numbers in 8 bits instead, with a scale for each row of the
                first axis (a convolution's output channel): a quarter of the file, single precision arithmetic with
                rounded weights. Raising it makes the file larger and the rounding matter less. None for none.
        """
        self._name = name
        self._half_weights = half_weights
        self._bytes_from = bytes_from
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, Array] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"

    def input(self, name: str, dtype: type[np.generic], shape: Shape) -> Value:
        """Declare an input tensor; strings in ``shape`` are free sides."""
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return Value(self, name)

    def output(self, name: str, value: Value, shape: Shape, dtype: type[np.generic] = np.float32) -> None:
        """Declare ``value`` to be the output ``name``."""
        self._nodes.append(helper.make_node("Identity", [value.name], [name], name=self._fresh("Identity")))
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._outputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def label(self, value: Value, name: str) -> Value:
        """Give an inner tensor a name of its own, so that `revealing` can find it; costs nothing at run time."""
        self._nodes.append(helper.make_node("Identity", [value.name], [name], name=self._fresh("Identity")))
        return Value(self, name)

    def constant(self, array: Array | np.generic | float) -> Value:
        """Add a constant; Python floats become float32."""
        value = np.asarray(array, dtype=np.float32 if isinstance(array, float) else None, order="C")
        name = self._fresh("constant")
        self._constants[name] = value
        return Value(self, name)

    def weight(self, array: NDArray[np.float32]) -> Value:
        """Add a large float32 constant, stored as the builder was told."""
        if self._bytes_from is not None and array.size >= self._bytes_from:
            scale = np.abs(array).max(axis=tuple(range(1, array.ndim)), keepdims=True) / _LARGEST_BYTE
            rounded = np.rint(array / np.maximum(scale, np.finfo(np.float32).tiny)).astype(np.int8)
            return self.constant(rounded).cast(np.float32) * np.asarray(scale)
        if not self._half_weights:
            return self.constant(array)
        half = array.astype(np.float16)
        if not np.isfinite(half).all():
            raise ExportError(f"expected weights within half precision's range, got {float(np.abs(array).max())}")
        return self.constant(half).cast(np.float32)

    def ops(self, op_type: str, *inputs: Operand | None, outputs: int, **attributes: Any) -> list[Value]:
        """Append a node with several outputs; None is an input left out."""
        names = ["" if i is None else i.name if isinstance(i, Value) else self.constant(i).name for i in inputs]
        results = [self._fresh(op_type) for _ in range(outputs)]
        self._nodes.append(helper.make_node(op_type, names, results, name=self._fresh(f"{op_type}_node"), **attributes))
        return [Value(self, name) for name in results]

    def op(self, op_type: str, *inputs: Operand | None, **attributes: Any) -> Value:
        """Append a node with one output."""
        return self.ops(op_type, *inputs, outputs=1, **attributes)[0]

    def model(self) -> onnx.ModelProto:
        """Return the checked model: only what the outputs need, shapes inferred."""
        live = {o.name for o in self._outputs}
        nodes: list[onnx.NodeProto] = []
        for node in reversed(self._nodes):
            if live.intersection(node.output):
                nodes.append(node)
                live.update(node.input)
        tensors = [numpy_helper.from_array(a, k) for k, a in self._constants.items() if k in live]
        graph = helper.make_graph(nodes[::-1], self._name, self._inputs, self._outputs, tensors)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="phalp-triton"
        )
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        onnx.checker.check_model(model, full_check=True)
        return model


def revealing(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """Return a copy of ``model`` that also gives the labelled inner tensors ``names``; raises `ExportError`."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    inner = {value.name: value for value in copy.graph.value_info}
    missing = [name for name in names if name not in inner]
    if missing:
        raise ExportError(f"{model.graph.name}: expected inner tensors {', '.join(missing)}, got none of that name")
    copy.graph.output.extend(inner[name] for name in names)
    return copy
