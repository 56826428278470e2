"""Adding a TensorFlow.js network to an ONNX graph.

TensorFlow works on rows, columns, channels (NHWC), ONNX on channels, rows, columns. Every value is kept in ONNX's
order, with a note of which order TensorFlow believes it to have, so transpositions cost nothing. Zero padding is not
done when it is asked for but handed to the convolution that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from export.lite.converters.padding import same_padding
from export.lite.converters.tensorflow_js.model import GraphModel, Node
from export.lite.onnx.graph_builder import Array, GraphBuilder, Value
from tracker_service.errors import ExportError

_TO_CHANNELS_LAST = [0, 2, 3, 1]
_TO_CHANNELS_FIRST = [0, 3, 1, 2]


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A value on its way through the network.

    Attributes:
        value: in ONNX's axis order.
        side: rows and columns at the size the network was saved for, needed to tell by what factor a resize scales.
        channels_last: TensorFlow's idea of the axis order.
        padding: zeros (or, before a maximum, minus infinities) that the next operation has to add on every side.
    """

    value: Value
    side: int
    channels_last: bool = False
    padding: int = 0


def add_network(
    graph: GraphBuilder, model: GraphModel, image: Value, side: int, *, channels_last: bool = False
) -> dict[str, Value]:
    """Append ``model`` to ``graph`` and return its outputs by signature key, channels first unless reshaped.

    Args:
        graph: where the nodes go.
        model: the network; its only input takes ``image``.
        image: [N, C, H, W]; H and W may differ from what the network was saved for.
        side: rows and columns that the network was saved for.
        channels_last: whether the network itself takes [N, H, W, C].

    Raises:
        ExportError: an operation is not known, or is used in a way that this converter does not cover.
    """
    return _Conversion(graph, model, _Tensor(image, side, channels_last=channels_last)).outputs()


class _Conversion:
    def __init__(self, graph: GraphBuilder, model: GraphModel, image: _Tensor) -> None:
        self._graph = graph
        self._model = model
        self._nodes = {node.name: node for node in model.nodes}
        self._constants: dict[str, Array] = dict(model.weights)
        self._tensors: dict[str, _Tensor] = {}
        self._image = image
        self._operators: Mapping[str, Callable[[Node], _Tensor]] = {
            "Placeholder": lambda _: self._image,
            "Identity": lambda node: self._tensor(node.inputs[0]),
            "Transpose": self._transpose,
            "Pad": self._pad,
            "PadV2": self._pad,
            "Conv2D": self._convolution,
            "_FusedConv2D": self._convolution,
            "DepthwiseConv2dNative": self._convolution,
            "FusedDepthwiseConv2dNative": self._convolution,
            "MaxPool": self._max_pool,
            "ResizeBilinear": self._resize,
            "Add": self._add,
            "AddV2": self._add,
            "LeakyRelu": self._leaky_relu,
            "Sigmoid": self._sigmoid,
            "ConcatV2": self._concatenate,
            "Reshape": self._reshape,
        }

    def outputs(self) -> dict[str, Value]:
        for node in self._in_order():
            self._convert(node)
        return {key: self._tensor(output.node).value for key, output in self._model.outputs.items()}

    def _in_order(self) -> list[Node]:
        """Return the nodes so that each comes after its inputs."""
        ordered: dict[str, Node] = {}
        stack = [node.name for node in reversed(self._model.nodes)]
        while stack:
            node = self._nodes[stack[-1]]
            missing = [name for i in node.inputs if (name := i.split(":")[0]) not in ordered]
            if missing:
                stack.extend(missing)
                continue
            ordered.setdefault(stack.pop(), node)
        return list(ordered.values())

    def _convert(self, node: Node) -> None:
        if node.operator == "Const":
            return
        if node.inputs and all(i in self._constants for i in node.inputs):
            self._constants[node.name] = self._folded(node)
        elif node.operator == "SplitV":
            self._split(node)
        elif node.operator in self._operators:
            self._tensors[node.name] = self._operators[node.operator](node)
        else:
            raise ExportError(f"node {node.name}: expected a known operation, got {node.operator}")

    def _folded(self, node: Node) -> Array:
        """Compute the shapes that the network carries as little constant graphs."""
        inputs = [self._constants[i] for i in node.inputs]
        if node.operator == "AddV2":
            return np.asarray(inputs[0] + inputs[1])
        if node.operator == "SparseToDense" and inputs[0].size == 0:
            return np.full(tuple(inputs[1]), inputs[3])
        raise ExportError(f"node {node.name}: expected a constant sum or fill, got {node.operator}")

    def _tensor(self, name: str) -> _Tensor:
        return self._tensors[name.removesuffix(":0")]

    def _unpadded(self, name: str) -> _Tensor:
        tensor = self._tensor(name)
        if tensor.padding:
            raise ExportError(f"{name}: expected padding only before a convolution or a maximum")
        return tensor

    def _spatial(self, name: str) -> _Tensor:
        tensor = self._tensor(name)
        if not tensor.channels_last:
            raise ExportError(f"{name}: expected channels last before a convolution, maximum or resize")
        return tensor

    def _transpose(self, node: Node) -> _Tensor:
        tensor, order = self._tensor(node.inputs[0]), self._constants[node.inputs[1]].tolist()
        if order == [0, 2, 1]:
            return replace(tensor, value=tensor.value.transpose(0, 2, 1))
        if order != (_TO_CHANNELS_FIRST if tensor.channels_last else _TO_CHANNELS_LAST):
            raise ExportError(f"node {node.name}: expected a change between channels first and last, got {order}")
        return replace(tensor, channels_last=not tensor.channels_last)

    def _pad(self, node: Node) -> _Tensor:
        tensor, amounts = self._unpadded(node.inputs[0]), self._constants[node.inputs[1]].tolist()
        size = amounts[2][0]
        if tensor.channels_last or amounts != [[0, 0], [0, 0], [size, size], [size, size]]:
            raise ExportError(f"node {node.name}: expected equal padding of rows and columns, got {amounts}")
        return replace(tensor, padding=size)

    def _convolution(self, node: Node) -> _Tensor:
        """Convert a convolution, depthwise or not, with what is fused to it: a bias, then a rectifier."""
        tensor, kernel = self._spatial(node.inputs[0]), self._constants[node.inputs[1]]
        fused = node.texts("fused_ops")
        if fused not in ([], ["BiasAdd"], ["BiasAdd", "Relu"], ["BiasAdd", "Relu6"]):
            raise ExportError(f"node {node.name}: expected a bias and a rectifier after it, got {', '.join(fused)}")
        size, groups = kernel.shape[0], 1
        if "Depthwise" in node.operator:
            groups, kernel = kernel.shape[2], kernel.reshape(*kernel.shape[:2], 1, -1)
        stride, pads = self._stride(node, size), self._pads(node, tensor, size)
        value = self._graph.op(
            "Conv",
            tensor.value,
            self._graph.weight(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))),
            *([self._constants[node.inputs[2]].astype(np.float32)] if fused else []),
            kernel_shape=list(kernel.shape[:2]),
            strides=[stride, stride],
            pads=pads,
            **({"group": groups} if groups > 1 else {}),
        )
        if "Relu" in fused:
            value = self._graph.op("Relu", value)
        elif "Relu6" in fused:
            value = value.clip(0.0, 6.0)
        return self._shrunk(tensor, value, size, stride, pads)

    def _max_pool(self, node: Node) -> _Tensor:
        tensor, kernel = self._spatial(node.inputs[0]), node.integers("ksize")[1]
        stride, pads = self._stride(node, kernel), self._pads(node, tensor, kernel)
        value = self._graph.op(
            "MaxPool",
            tensor.value,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=pads,
        )
        return self._shrunk(tensor, value, kernel, stride, pads)

    @staticmethod
    def _stride(node: Node, kernel: int) -> int:
        strides, dilations, padding = node.integers("strides"), node.integers("dilations"), node.text("padding")
        unusual = strides[1] != strides[2] or any(d != 1 for d in dilations)
        if unusual or (padding not in ("SAME", "VALID") and kernel > 1):
            raise ExportError(f"node {node.name}: expected equal strides, no dilation, padding SAME or VALID")
        return strides[1]

    def _pads(self, node: Node, tensor: _Tensor, kernel: int) -> list[int]:
        """Return the padding at the top, left, bottom and right."""
        if node.text("padding") != "SAME":
            return [tensor.padding] * 4
        if tensor.padding:
            raise ExportError(f"node {node.name}: expected one padding, got an operation of its own and SAME")
        before, after = same_padding(tensor.side, kernel, self._stride(node, kernel))
        return [before, before, after, after]

    @staticmethod
    def _shrunk(tensor: _Tensor, value: Value, kernel: int, stride: int, pads: list[int]) -> _Tensor:
        side = (tensor.side + pads[0] + pads[2] - kernel) // stride + 1
        return replace(tensor, value=value, side=side, padding=0)

    def _resize(self, node: Node) -> _Tensor:
        tensor, size = self._spatial(node.inputs[0]), int(self._constants[node.inputs[1]][0])
        scale = np.array([1, 1, size / tensor.side, size / tensor.side], np.float32)
        value = self._graph.op(
            "Resize", tensor.value, None, scale, mode="linear", coordinate_transformation_mode="half_pixel"
        )
        return replace(tensor, value=value, side=size)

    def _add(self, node: Node) -> _Tensor:
        left, right = node.inputs
        tensor = self._unpadded(left)
        if right in self._constants:
            bias = self._constants[right].astype(np.float32).reshape(1, -1, 1, 1)
            return replace(tensor, value=tensor.value + bias)
        return replace(tensor, value=tensor.value + self._unpadded(right).value)

    def _leaky_relu(self, node: Node) -> _Tensor:
        tensor = self._unpadded(node.inputs[0])
        return replace(tensor, value=self._graph.op("LeakyRelu", tensor.value, alpha=node.number("alpha")))

    def _sigmoid(self, node: Node) -> _Tensor:
        tensor = self._unpadded(node.inputs[0])
        return replace(tensor, value=self._graph.op("Sigmoid", tensor.value))

    def _channels(self, node: Node, axis: str) -> int:
        """Return ONNX's channel axis, after checking that ``axis`` names TensorFlow's."""
        tensor, wanted = self._unpadded(node.inputs[0]), int(self._constants[axis])
        if wanted != (3 if tensor.channels_last else 1):
            raise ExportError(f"node {node.name}: expected the channel axis, got {wanted}")
        return 1

    def _concatenate(self, node: Node) -> _Tensor:
        axis = self._channels(node, node.inputs[-1])
        tensors = [self._unpadded(name) for name in node.inputs[:-1]]
        value = self._graph.op("Concat", *[tensor.value for tensor in tensors], axis=axis)
        return replace(tensors[0], value=value)

    def _split(self, node: Node) -> None:
        axis = self._channels(node, node.inputs[2])
        tensor, sizes = self._tensor(node.inputs[0]), self._constants[node.inputs[1]].astype(np.int64)
        parts = self._graph.ops("Split", tensor.value, sizes, outputs=len(sizes), axis=axis)
        for index, part in enumerate(parts):
            self._tensors[f"{node.name}:{index}" if index else node.name] = replace(tensor, value=part)

    def _reshape(self, node: Node) -> _Tensor:
        tensor, shape = self._unpadded(node.inputs[0]), self._constants[node.inputs[1]].tolist()
        if tensor.channels_last or shape[0] != 1:
            raise ExportError(f"node {node.name}: expected to flatten one image, channels first, got {shape}")
        return replace(tensor, value=tensor.value.reshape(0, *shape[1:]))
