"""Right graphs broken on purpose, in the ways in which a server or an export breaks them without an error."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_SPLITTER = np.float32(2**13 + 1)
"""Dekker's constant that leaves 11 of 24 bits: TF32's."""
_PRODUCTS = ("MatMul", "Gemm", "Conv", "Einsum")


class _Nodes:
    """Collects nodes and constants that are put into a graph.

    Args:
        model: whose opset and names count.
        prefix: of all new names.
    """

    def __init__(self, model: onnx.ModelProto, prefix: str) -> None:
        self._model = model
        self._prefix = prefix
        self.nodes: list[onnx.NodeProto] = []

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{self._prefix}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: "np.ndarray[tuple[int, ...], np.dtype[np.generic]] | np.generic") -> str:
        """Add a constant and return its name."""
        name = f"{self._prefix}_c{len(self._model.graph.initializer)}"
        self._model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def half(self, value: str) -> str:
        """Round to FP16 and back; what is beyond 65,504 becomes infinite."""
        return self.op("Cast", self.op("Cast", value, to=TensorProto.FLOAT16), to=TensorProto.FLOAT)

    def tf32(self, value: str) -> str:
        """Round to 11 bits of mantissa (T. J. Dekker 1971), as NVIDIA's matrix units do with FP32."""
        scaled = self.op("Mul", value, self.constant(_SPLITTER))
        return self.op("Sub", scaled, self.op("Sub", scaled, value))


def half_layer_norm(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute every LayerNorm in FP16: the square of a large activation overflows, and its row becomes nothing."""

    def replacement(node: onnx.NodeProto, nodes: _Nodes) -> None:
        epsilon = next((entry.f for entry in node.attribute if entry.name == "epsilon"), 1e-5)
        axes = nodes.constant(np.array([-1]))
        value = nodes.half(node.input[0])
        centred = nodes.half(nodes.op("Sub", value, nodes.op("ReduceMean", value, axes)))
        squares = nodes.half(nodes.op("Mul", centred, centred))
        variance = nodes.op("Add", nodes.op("ReduceMean", squares, axes), nodes.constant(np.float32(epsilon)))
        unit = nodes.half(nodes.op("Div", centred, nodes.op("Sqrt", variance)))
        scaled = nodes.op("Mul", unit, node.input[1])
        if len(node.input) > 2:
            nodes.op("Add", scaled, node.input[2], output=node.output[0])
        else:
            nodes.op("Identity", scaled, output=node.output[0])

    return _replaced(model, ("LayerNormalization",), replacement)


def tf32_products(model: onnx.ModelProto) -> onnx.ModelProto:
    """Round both factors of every FP32 product to TF32."""
    halves = _half_values(model)

    def replacement(node: onnx.NodeProto, nodes: _Nodes) -> None:
        rounded = onnx.NodeProto()
        rounded.CopyFrom(node)
        for index, value in enumerate(node.input[:2]):
            if value not in halves:
                rounded.input[index] = nodes.tf32(value)
        nodes.nodes.append(rounded)

    return _replaced(model, _PRODUCTS, replacement)


def reordered(model: onnx.ModelProto, output: str, order: Sequence[int], axis: int) -> onnx.ModelProto:
    """Give an output's rows or coordinates in another order."""
    return _with_output(
        model, output, lambda inner, nodes: nodes.op("Gather", inner, nodes.constant(np.array(order)), axis=axis)
    )


def not_a_number(model: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """Give NaN for an output."""
    return _with_output(model, output, lambda inner, nodes: nodes.op("Mul", inner, nodes.constant(np.float32(np.nan))))


BROKEN_HMR: Mapping[str, Callable[[onnx.ModelProto], onnx.ModelProto]] = {
    "LayerNorm in FP16": half_layer_norm,
    "products in TF32": tf32_products,
    "joints in another order": lambda model: reordered(model, "joints_3d", range(43, -1, -1), 1),
    "camera not a number": lambda model: not_a_number(model, "pred_cam"),
}
"""What breaks a body model, by its name in tables."""


def _replaced(
    model: onnx.ModelProto, kinds: Sequence[str], replacement: Callable[[onnx.NodeProto, _Nodes], None]
) -> onnx.ModelProto:
    broken = _copy(model)
    kept: list[onnx.NodeProto] = []
    for number, node in enumerate(list(broken.graph.node)):
        if node.op_type not in kinds:
            kept.append(node)
            continue
        nodes = _Nodes(broken, f"broken_{number}")
        replacement(node, nodes)
        kept += nodes.nodes
    del broken.graph.node[:]
    broken.graph.node.extend(kept)
    return broken


def _with_output(model: onnx.ModelProto, output: str, change: Callable[[str, _Nodes], str]) -> onnx.ModelProto:
    broken = _copy(model)
    inner = f"{output}_right"
    for node in broken.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == output:
                    names[index] = inner
    nodes = _Nodes(broken, f"broken_{output}")
    nodes.op("Identity", change(inner, nodes), output=output)
    broken.graph.node.extend(nodes.nodes)
    return broken


def _half_values(model: onnx.ModelProto) -> set[str]:
    """Return the names of the FP16 values of a graph."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    tensors = {tensor.name for tensor in inferred.initializer if tensor.data_type == TensorProto.FLOAT16}
    values = (*inferred.value_info, *inferred.input, *inferred.output)
    return tensors | {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.FLOAT16}


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy
