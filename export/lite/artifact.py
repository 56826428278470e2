"""Writing a lite model: the file, and beside it a record of what it was made from and how exact it is."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from export.files import sha256_of, written_whole
from export.lite.packages import Package

RECORD = "export.json"


def write_model(model: onnx.ModelProto, path: Path) -> None:
    """Write an ONNX file; it is whole or absent."""
    with written_whole(path) as file:
        file.write(model.SerializeToString(deterministic=True))


def write_arrays(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Write a compressed npz file without pickles; it is whole or absent."""
    with written_whole(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # the stubs take every keyword for allow_pickle


def write_record(
    model: Path, *, sources: Sequence[Package], tools: Sequence[str], others: Sequence[Path] = (), **facts: Any
) -> None:
    """Write export.json beside ``model``, with its name as the only key.

    Args:
        model: the file that was made.
        sources: packages it was made from, with the hashes of what was used of them.
        tools: packages whose versions matter.
        others: further files that it belongs with; their hashes are recorded.
        facts: anything else that JSON can hold.
    """
    record = {
        "sha256": sha256_of(model),
        "sources": [
            {
                "registry": package.registry,
                "package": package.name,
                "version": package.version,
                "licence": package.licence,
                "sha256": {member.path: member.sha256 for member in package.members} or package.wheel_sha256,
            }
            for package in sources
        ],
        "belongs_with": {file.name: sha256_of(file) for file in others},
        "tools": {tool: version(tool) for tool in tools},
        **facts,
    }
    with written_whole(model.with_name(RECORD)) as file:
        file.write(json.dumps({model.name: record}, indent=1).encode() + b"\n")
