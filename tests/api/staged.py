"""The real service with a stage direction or two for its models: ``python -m tests.api.staged [KEY=VALUE]...``.

Directions come from the environment, so that nothing of this is in the service itself:

* ``STAGED_SUPPRESS``: share of the frames whose detections are taken away, chosen by their pixels;
* ``STAGED_LOAD``: a file; models cannot be opened before it exists;
* ``STAGED_OPENING``: a file; as long as it exists, opening the models takes;
* ``STAGED_HOLD``: a file; as long as it exists, no model answers;
* ``STAGED_FAIL``: a file; as long as it exists, every model call ends as if its server were away.
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
from tracker_service.wiring.assembly import models_of, open_client


class StagedClient:
    """Passes everything on to a real client, as the directions allow."""

    def __init__(self, client: InferenceClient, detector: str) -> None:
        self._client = client
        self._detector = detector
        self._share = float(os.environ.get("STAGED_SUPPRESS", "0"))

    def signature(self, model: str) -> ModelSpec:
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        while _exists("STAGED_HOLD"):
            time.sleep(0.01)
        if _exists("STAGED_FAIL"):
            raise InferenceUnavailableError("staged: the server is away")
        answers = self._client.infer(model, inputs, outputs)
        if model == self._detector and "scores" in answers:
            for scores, image in zip(answers["scores"], inputs["images"], strict=True):
                if zlib.crc32(image.tobytes()) % 1000 < 1000 * self._share:
                    scores[:] = 0
        return answers

    def close(self) -> None:
        self._client.close()


def open_staged(settings: Settings) -> InferenceClient:
    while _exists("STAGED_OPENING"):
        time.sleep(0.01)
    if "STAGED_LOAD" in os.environ and not _exists("STAGED_LOAD"):
        raise InferenceUnavailableError("staged: the server is not there yet")
    return StagedClient(open_client(settings), models_of(settings).detector)


def _exists(direction: str) -> bool:
    return direction in os.environ and Path(os.environ[direction]).exists()


if __name__ == "__main__":
    try:
        serve(load_settings(parse_overrides(sys.argv[1:])), open_client=open_staged)
    except PhalpTritonError as problem:
        sys.exit(f"error: {problem}")
