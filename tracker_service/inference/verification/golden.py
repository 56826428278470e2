"""The golden batch of a model: inputs, and what its export says that they give, in one small file beside the model.

The file is a compressed ``npz`` without pickles. Pictures are stored as differences between neighbouring pixels, which
compress, and of outputs with thousands of rows only some rows are kept: what goes wrong with vertices goes wrong with
more than one in fourteen.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from tracker_service.errors import ContractError
from tracker_service.inference.client import Tensor
from tracker_service.inference.verification.measures import DISTANCES, Limit, Measure
from tracker_service.types import UInt8

FILE = "golden.npz"
"""Name of the file in the model's version folder."""
_FACTS, _INPUT, _PICTURE, _OUTPUT = "facts", "input/", "picture/", "output/"
_MOST_ROWS = 512
"""Rows of an output that are kept, about. Raising it makes the file larger and finds rarer errors."""


@dataclass(frozen=True, slots=True)
class GoldenBatch:
    """What a model is asked, and what it should answer.

    Attributes:
        inputs: every input by name, (n, ...) with the same n.
        outputs: every output by name, (n, ...), thinned as `thinned` does.
        measures: by output, how far an answer may be away.
        precisions: precision of the weights by the name of the model's file: "fp32" or "fp16".

    Raises:
        ContractError: an output has no measure.
    """

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    measures: Mapping[str, Measure]
    precisions: Mapping[str, str]

    def __post_init__(self) -> None:
        if set(self.outputs) != set(self.measures):
            raise ContractError(
                f"golden batch: expected one measure an output, got {sorted(self.measures)} for {sorted(self.outputs)}"
            )

    def write(self, file: IO[bytes]) -> None:
        """Write the batch."""
        arrays: dict[str, Tensor] = {_FACTS: np.array(json.dumps(self._facts()))}
        for name, value in self.inputs.items():
            picture = value.dtype == np.uint8 and value.ndim == 4
            arrays[(_PICTURE if picture else _INPUT) + name] = _differences(value) if picture else value
        arrays |= {_OUTPUT + name: value for name, value in self.outputs.items()}
        np.savez_compressed(file, allow_pickle=False, **arrays)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a batch.

        Raises:
            ContractError: the file is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            facts = json.loads(str(arrays[_FACTS]))
            return cls(
                inputs=_named(arrays, _INPUT) | {k: _summed(v) for k, v in _named(arrays, _PICTURE).items()},
                outputs=_named(arrays, _OUTPUT),
                measures={name: _measure(values) for name, values in facts["measures"].items()},
                precisions=facts["precisions"],
            )
        except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise ContractError(f"{path}: expected the golden batch of a model, got: {error}") from error

    def _facts(self) -> dict[str, Any]:
        return {
            "precisions": dict(self.precisions),
            "measures": {name: asdict(measure) for name, measure in self.measures.items()},
        }


def thinned(value: Tensor) -> Tensor:
    """Return an output (n, rows, ...) with about `_MOST_ROWS` of its rows at most, evenly spread."""
    return value if value.ndim < 2 else value[:, :: max(1, value.shape[1] // _MOST_ROWS)]


def _named(arrays: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _measure(values: Mapping[str, Any]) -> Measure:
    if values["unit"] not in DISTANCES:
        raise ValueError(f"unit {values['unit']!r}")
    return Measure(values["unit"], Limit(**values["fp32"]), Limit(**values["fp16"]))


def _differences(pictures: UInt8) -> UInt8:
    """Return each pixel's difference to the one above and to its left, modulo 256."""
    down = np.diff(pictures, axis=1, prepend=np.uint8(0))
    return np.asarray(np.diff(down, axis=2, prepend=np.uint8(0)), np.uint8)


def _summed(differences: UInt8) -> UInt8:
    across = np.cumsum(differences, axis=2, dtype=np.uint8)
    return np.asarray(np.cumsum(across, axis=1, dtype=np.uint8), np.uint8)
