"""Which nodes of a graph ONNX Runtime would run on a GPU, told without one.

Its CUDA provider takes a node where it has a kernel for the version in which the node's operator was last changed, and
for the types of all its tensors. The others run on the CPU, with copies there and back. The table of kernels is that of
ONNX Runtime's own documentation (`cuda_kernels.json` names it). Small computations of shapes, which the provider leaves
to the CPU on purpose, count as placed: they have kernels.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import onnx
from onnx import TensorProto, defs

from tracker_service.errors import ExportError

_TABLE = Path(__file__).with_name("cuda_kernels.json")
_DOMAINS = ("", "ai.onnx")
_FOLDED = "Constant"
"""Becomes an initializer when the graph is loaded."""
_SMALL = 1024
"""Bytes; shapes and axes, which tell the shapes of other tensors, are smaller."""
_Kernels: TypeAlias = Mapping[str, list[dict[str, Any]]]
_Types: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UnplacedNode:
    """A node that the CUDA provider leaves to the CPU.

    Attributes:
        name: of the node.
        operator: its type and the version in which that was last changed, such as ``GridSample-20``.
        reason: why no kernel takes it.
    """

    name: str
    operator: str
    reason: str

    def __str__(self) -> str:
        """Return all three in one line."""
        return f"{self.operator} {self.name}: {self.reason}"


def read_nodes(path: Path) -> onnx.ModelProto:
    """Return the graph in a file without its large weights, which take gigabytes and decide nothing here."""
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > _SMALL:
            tensor.ClearField("raw_data")
    return model


@cache
def releases() -> tuple[str, ...]:
    """Return the releases of ONNX Runtime whose kernels are known, the oldest first."""
    return tuple(_table())


def unplaced(model: onnx.ModelProto, release: str) -> tuple[UnplacedNode, ...]:
    """Return the nodes of a graph, in order, that run on the CPU although there is a GPU.

    Args:
        model: the graph; its weights need not be loaded.
        release: of ONNX Runtime, one of `releases`.

    Raises:
        ExportError: the release is not in the table.
    """
    if release not in releases():
        raise ExportError(f"placement: expected a release of ONNX Runtime of {', '.join(releases())}, got {release!r}")
    opset = next(entry.version for entry in model.opset_import if entry.domain in _DOMAINS)
    inferred = onnx.shape_inference.infer_shapes(model)
    kernels = _table()[release]
    return tuple(_unplaced(inferred.graph, {}, opset, kernels))


def _unplaced(graph: onnx.GraphProto, outer: _Types, opset: int, kernels: _Kernels) -> Iterator[UnplacedNode]:
    types = {**outer, **_types_of(graph)}
    for node in graph.node:
        if node.op_type != _FOLDED:
            reason, operator = _why_not(node, types, opset, kernels)
            if reason:
                yield UnplacedNode(node.name, operator, reason)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _unplaced(attribute.g, types, opset, kernels)


def _why_not(node: onnx.NodeProto, types: _Types, opset: int, kernels: _Kernels) -> tuple[str, str]:
    """Return why no kernel takes a node, empty if one does, and the node's operator with its version."""
    if node.domain not in _DOMAINS:
        return "of another domain", f"{node.domain}.{node.op_type}"
    schema = defs.get_schema(node.op_type, opset)
    operator = f"{node.op_type}-{schema.since_version}"
    fitting = [kernel for kernel in kernels.get(node.op_type, []) if _serves(kernel, schema.since_version)]
    if not fitting:
        return "no kernel of this version", operator
    if node.op_type == "ConvTranspose" and _pads_differ(node):
        return "the padding differs between the sides", operator
    wrong = [_wrong_type(node, schema, kernel["types"], types) for kernel in fitting]
    return ("" if None in wrong else f"no kernel for {wrong[0]}"), operator


def _serves(kernel: Mapping[str, Any], since: int) -> bool:
    """Tell whether a kernel is registered for an operator's version, by the rule of ONNX Runtime's registry."""
    if kernel["until"] is None:
        return bool(kernel["since"] == since)
    return bool(kernel["since"] <= since <= kernel["until"])


def _wrong_type(node: onnx.NodeProto, schema: defs.OpSchema, accepted: Mapping[str, str], types: _Types) -> str | None:
    """Return the first tensor whose type a kernel does not take, None if it takes all."""
    for names, parameters in ((node.input, schema.inputs), (node.output, schema.outputs)):
        for position, name in enumerate(names):
            parameter = parameters[min(position, len(parameters) - 1)]  # the last one may stand for several
            wanted = accepted.get(parameter.type_str, accepted.get(parameter.name))
            kind = TensorProto.DataType.Name(types.get(name, TensorProto.UNDEFINED)).lower()
            if name and wanted is not None and kind != "undefined" and kind not in wanted.split():
                return f"{parameter.name} of type {kind}"
    return None


def _pads_differ(node: onnx.NodeProto) -> bool:
    """Tell whether a transposed convolution pads one side more than the other, which cuDNN cannot."""
    for attribute in node.attribute:
        if attribute.name == "auto_pad" and attribute.s in (b"SAME_UPPER", b"SAME_LOWER"):
            return True
        if attribute.name == "pads":
            half = len(attribute.ints) // 2
            return list(attribute.ints[:half]) != list(attribute.ints[half:])
    return False


def _types_of(graph: onnx.GraphProto) -> dict[str, int]:
    values = {
        value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.value_info, *graph.output)
    }
    return values | {tensor.name: tensor.data_type for tensor in graph.initializer}


@cache
def _table() -> dict[str, _Kernels]:
    table: dict[str, _Kernels] = json.loads(_TABLE.read_text())["releases"]
    return table
