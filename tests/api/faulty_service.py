"""The real service with faults injected into its models: ``python -m tests.api.faulty_service [KEY=VALUE]...``.

The faults come from the environment, so that nothing of this is in the service itself:

* ``FAULT_SUPPRESS``: share of the frames whose detections are taken away, chosen by their pixels;
* ``FAULT_AWAY_UNTIL``: a file; the models' server is away until it exists;
* ``FAULT_OPENING``: a file; as long as it exists, opening the models blocks;
* ``FAULT_HOLD``: a file; as long as it exists, every model call blocks;
* ``FAULT_AWAY``: a file; as long as it exists, every model call fails as if its server were away.
"""

import os
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracker_service.api.server import serve
from tracker_service.errors import InferenceUnavailableError, PhalpTritonError
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import parse_overrides
from tracker_service.wiring.models import models_of, open_client


class FaultyClient:
    """A real client whose calls may block, fail, or lose detections."""

    def __init__(self, client: InferenceClient, detector: str) -> None:
        self._client = client
        self._detector = detector
        self._share = float(os.environ.get("FAULT_SUPPRESS", "0"))

    def signature(self, model: str) -> ModelSpec:
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        while _exists("FAULT_HOLD"):
            time.sleep(0.01)
        if _exists("FAULT_AWAY"):
            raise InferenceUnavailableError("injected: the server is away")
        answers = self._client.infer(model, inputs, outputs)
        if model == self._detector and "scores" in answers:
            for scores, image in zip(answers["scores"], inputs["images"], strict=True):
                if zlib.crc32(image.tobytes()) % 1000 < 1000 * self._share:
                    scores[:] = 0
        return answers

    def close(self) -> None:
        self._client.close()


def open_faulty_client(settings: Settings) -> InferenceClient:
    while _exists("FAULT_OPENING"):
        time.sleep(0.01)
    if "FAULT_AWAY_UNTIL" in os.environ and not _exists("FAULT_AWAY_UNTIL"):
        raise InferenceUnavailableError("injected: the server is not there yet")
    return FaultyClient(open_client(settings), models_of(settings).detector)


def _exists(direction: str) -> bool:
    return direction in os.environ and Path(os.environ[direction]).exists()


if __name__ == "__main__":
    try:
        serve(load_settings(parse_overrides(sys.argv[1:])), open_client=open_faulty_client)
    except PhalpTritonError as problem:
        sys.exit(f"error: {problem}")
