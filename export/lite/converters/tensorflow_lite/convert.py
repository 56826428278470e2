"""Adding a TensorFlow Lite network to an ONNX graph.

TensorFlow Lite works on rows, columns, channels; images are kept in ONNX's order, channels first, inside the network
and transposed where they enter, leave or are reshaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from export.lite.converters.padding import same_padding
from export.lite.converters.tensorflow_lite.model import LiteModel, Operation
from export.lite.onnx.graph_builder import Array, GraphBuilder, Value
from tracker_service.errors import ExportError

_SAME = 0
"""TensorFlow Lite's number of the padding that keeps ceil(size / stride)."""


def add_network(graph: GraphBuilder, model: LiteModel, inputs: Sequence[Value]) -> dict[str, Value]:
    """Append ``model`` to ``graph`` and return its outputs by the names in the file.

    Args:
        graph: where the nodes go.
        model: the network; its batch side may be anything.
        inputs: values for its inputs, images as [N, H, W, C].

    Raises:
        ExportError: an operation is not known, or is used in a way that this converter does not cover.
    """
    return _Conversion(graph, model, inputs).outputs()


class _Conversion:
    def __init__(self, graph: GraphBuilder, model: LiteModel, inputs: Sequence[Value]) -> None:
        self._graph = graph
        self._model = model
        self._constants: dict[int, Array] = {
            number: tensor.value for number, tensor in model.tensors.items() if tensor.value is not None
        }
        self._values = {number: value.transpose(0, 3, 1, 2) for number, value in zip(model.inputs, inputs, strict=True)}
        self._operators: Mapping[str, Callable[[Operation], Value]] = {
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._depthwise_convolution,
            "ADD": self._add,
            "PAD": self._pad,
            "RESIZE_BILINEAR": self._resize,
            "MAX_POOL_2D": self._max_pool,
            "RESHAPE": self._reshape,
            "LOGISTIC": lambda operation: graph.op("Sigmoid", self._value(operation.inputs[0])),
        }

    def outputs(self) -> dict[str, Value]:
        for operation in self._model.operations:
            if operation.operator == "DEQUANTIZE":
                self._constants[operation.output] = self._constant(operation.inputs[0]).astype(np.float32)
            elif operation.operator in self._operators:
                self._values[operation.output] = self._operators[operation.operator](operation)
            else:
                raise ExportError(f"expected a known operation, got {operation.operator}")
        return {self._model.tensors[number].name: self._channels_last(number) for number in self._model.outputs}

    def _shape(self, number: int) -> tuple[int, ...]:
        return self._model.tensors[number].shape

    def _constant(self, number: int) -> Array:
        if number not in self._constants:
            raise ExportError(f"tensor {self._model.tensors[number].name}: expected a constant")
        return self._constants[number]

    def _value(self, number: int) -> Value:
        return self._values[number]

    def _channels_last(self, number: int) -> Value:
        value = self._value(number)
        return value.transpose(0, 2, 3, 1) if len(self._shape(number)) == 4 else value

    def _activated(self, value: Value, activation: str) -> Value:
        if activation == "RELU6":
            return value.clip(0.0, 6.0)
        return self._graph.op("Relu", value) if activation == "RELU" else value

    def _convolution(self, operation: Operation) -> Value:
        kernel = self._constant(operation.inputs[1]).astype(np.float32).transpose(0, 3, 1, 2)
        return self._convolved(operation, kernel, operation.options("Conv2DOptions"), groups=1)

    def _depthwise_convolution(self, operation: Operation) -> Value:
        kernel = self._constant(operation.inputs[1]).astype(np.float32).transpose(3, 0, 1, 2)
        groups = self._shape(operation.inputs[0])[3]
        return self._convolved(operation, kernel, operation.options("DepthwiseConv2DOptions"), groups)

    def _convolved(self, operation: Operation, kernel: Array, options: Any, groups: int) -> Value:
        if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
            raise ExportError(f"{operation.operator}: expected no dilation")
        value = self._graph.op(
            "Conv",
            self._value(operation.inputs[0]),
            self._graph.weight(np.ascontiguousarray(kernel)),
            self._constant(operation.inputs[2]).astype(np.float32),
            group=groups,
            **self._window(operation, options, kernel.shape[2:]),
        )
        return self._activated(value, operation.activation(options))

    def _window(self, operation: Operation, options: Any, kernel: Sequence[int]) -> dict[str, list[int]]:
        """Return kernel, strides and padding of a convolution or maximum as ONNX's attributes."""
        strides = [options.StrideH(), options.StrideW()]
        before, after = [0, 0], [0, 0]
        if options.Padding() == _SAME:
            sides = self._shape(operation.inputs[0])[1:3]
            pads = [same_padding(*axis) for axis in zip(sides, kernel, strides, strict=True)]
            before, after = [p[0] for p in pads], [p[1] for p in pads]
        return {"kernel_shape": list(kernel), "strides": strides, "pads": before + after}

    def _max_pool(self, operation: Operation) -> Value:
        options = operation.options("Pool2DOptions")
        kernel = [options.FilterHeight(), options.FilterWidth()]
        value = self._graph.op("MaxPool", self._value(operation.inputs[0]), **self._window(operation, options, kernel))
        return self._activated(value, operation.activation(options))

    def _add(self, operation: Operation) -> Value:
        left, right = (self._value(number) for number in operation.inputs)
        return self._activated(left + right, operation.activation(operation.options("AddOptions")))

    def _pad(self, operation: Operation) -> Value:
        amounts = self._constant(operation.inputs[1])[[0, 3, 1, 2]]  # rows: batch, channels, rows, columns
        both = np.concatenate([amounts[:, 0], amounts[:, 1]]).astype(np.int64)
        return self._graph.op("Pad", self._value(operation.inputs[0]), both, np.float32(0), mode="constant")

    def _resize(self, operation: Operation) -> Value:
        options = operation.options("ResizeBilinearOptions")
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise ExportError("RESIZE_BILINEAR: expected half-pixel centres")
        before, after = self._shape(operation.inputs[0]), self._shape(operation.output)
        scale = np.array([1, 1, after[1] / before[1], after[2] / before[2]], np.float32)
        return self._graph.op(
            "Resize",
            self._value(operation.inputs[0]),
            None,
            scale,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def _reshape(self, operation: Operation) -> Value:
        shape = self._shape(operation.output)
        if len(shape) == 4:
            raise ExportError(f"RESHAPE: expected rows of numbers, got shape {shape}")
        return self._channels_last(operation.inputs[0]).reshape(0, *shape[1:])
