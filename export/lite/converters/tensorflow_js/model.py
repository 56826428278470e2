"""Reading a TensorFlow.js graph model: a JSON file with the nodes, and a binary file with the weights."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.lite.onnx.graph_builder import Array
from tracker_service.errors import ExportError

_TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
_STORED_TYPES = {"float16": np.float16, "uint8": np.uint8, "uint16": np.uint16}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        name: unique in the graph.
        operator: TensorFlow's name of the operation.
        inputs: names of nodes, with ``:1`` and so on for outputs after the first.
        attributes: as in the file (TensorFlow's AttrValue in JSON).
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def integers(self, name: str) -> list[int]:
        """Return a list attribute, empty where it is absent."""
        return [int(i) for i in self.attributes.get(name, {}).get("list", {}).get("i", [])]

    def texts(self, name: str) -> list[str]:
        """Return a list of strings, empty where it is absent."""
        return [base64.b64decode(text).decode() for text in self.attributes.get(name, {}).get("list", {}).get("s", [])]

    def text(self, name: str) -> str:
        """Return a string attribute."""
        return base64.b64decode(self.attributes[name]["s"]).decode()

    def number(self, name: str) -> float:
        """Return a float attribute."""
        return float(self.attributes[name]["f"])


@dataclass(frozen=True, slots=True)
class Output:
    """A result of the network: the node it comes from, and its shape at the size the network was saved for."""

    node: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GraphModel:
    """Nodes in the order of the file, weights of the constant nodes by name, and outputs by signature key."""

    nodes: tuple[Node, ...]
    weights: Mapping[str, Array]
    outputs: Mapping[str, Output]


def read_graph_model(path: Path) -> GraphModel:
    """Read ``path`` (JSON) and the weight files beside it; raises `ExportError`."""
    try:
        description = json.loads(path.read_text())
        topology, manifest = description["modelTopology"]["node"], description["weightsManifest"]
        outputs = {key: _output(tensor) for key, tensor in description["signature"]["outputs"].items()}
    except (OSError, ValueError, KeyError) as error:
        raise ExportError(f"{path}: expected a TensorFlow.js graph model, got {error!r}") from error
    nodes = tuple(
        Node(
            name=node["name"],
            operator=node["op"],
            inputs=tuple(i for i in node.get("input", []) if not i.startswith("^")),
            attributes=node.get("attr", {}),
        )
        for node in topology
    )
    weights: dict[str, Array] = {}
    for group in manifest:
        blob = b"".join((path.parent / name).read_bytes() for name in group["paths"])
        weights |= _read_weights(blob, group["weights"])
    return GraphModel(nodes, weights, outputs)


def _output(tensor: dict[str, Any]) -> Output:
    return Output(tensor["name"], tuple(int(side["size"]) for side in tensor["tensorShape"]["dim"]))


def _read_weights(blob: bytes, entries: list[dict[str, Any]]) -> dict[str, Array]:
    weights, start = {}, 0
    for entry in entries:
        quantization = entry.get("quantization")
        kind = np.dtype(_TYPES[entry["dtype"]])
        stored = np.dtype(_STORED_TYPES[quantization["dtype"]]) if quantization else kind
        count = int(np.prod(entry["shape"]))
        if start + count * stored.itemsize > len(blob):
            raise ExportError(f"weight {entry['name']}: expected {count} values, got the end of the file")
        array: Array = np.frombuffer(blob, stored, count, start).reshape(entry["shape"])
        start += count * stored.itemsize
        if quantization and "scale" in quantization:
            array = array * quantization["scale"] + quantization["min"]
        weights[entry["name"]] = array.astype(kind)
    return weights
