"""A service whose models compute every image once: ``python -m harness.replaying_service [KEY=VALUE]...``.

What is measured of it is our own code, many thousands of frames long.
"""

import atexit
import gc
import sys
import threading
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from tracker_service.api.server import serve
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import parse_overrides
from tracker_service.wiring.models import open_client


class ReplayingClient:
    """Runs a model on every distinct row once; afterwards its answer comes from memory.

    Args:
        client: the real one.
    """

    def __init__(self, client: InferenceClient) -> None:
        self._client = client
        self._known: dict[tuple[str, int], dict[str, Tensor]] = {}
        self._lock = threading.Lock()

    def signature(self, model: str) -> ModelSpec:
        """Return the real model's signature."""
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Answer every row on its own; a model must always be asked for the same outputs."""
        rows = len(next(iter(inputs.values())))
        if rows == 0:
            return self._client.infer(model, inputs, outputs)
        answers = [
            self._row(model, {name: tensor[row : row + 1] for name, tensor in inputs.items()}, outputs)
            for row in range(rows)
        ]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in outputs}

    def close(self) -> None:
        """Close the real client."""
        self._client.close()

    def _row(self, model: str, row: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        check = 0
        for name in sorted(row):
            check = zlib.crc32(np.ascontiguousarray(row[name]).data, check)
        key = (f"{model} {','.join(outputs)}", check)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._client.infer(model, row, outputs)
            return self._known[key]


def open_replaying(settings: Settings) -> InferenceClient:
    """Open the client of the settings behind a `ReplayingClient`."""
    return ReplayingClient(open_client(settings))


if __name__ == "__main__":
    atexit.register(gc.freeze)  # it ends as the service does, see `tracker_service.process.no_collection`
    serve(load_settings(parse_overrides(sys.argv[1:])), open_client=open_replaying)
