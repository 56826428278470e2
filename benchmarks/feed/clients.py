"""Inference clients that record answers, and that give recorded ones in place of a model."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from benchmarks.feed.recordings import Array, Recordings, sampled
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.pipeline.stage_times import StageTimes

INFERENCE = "inference"
"""Stage under which answering counts, so that no other holds it."""
_PICTURES = ("images", "crops")


def pictures_of(inputs: Mapping[str, Tensor]) -> Tensor:
    """Return the input that is pictures."""
    return next(inputs[name] for name in _PICTURES if name in inputs)


class RecordingClient:
    """Runs models and keeps what they answered.

    Args:
        client: runs them.
    """

    def __init__(self, client: InferenceClient) -> None:
        self._client = client
        self._lock = Lock()
        self._kept: dict[str, list[Array]] = defaultdict(list)

    def signature(self, model: str) -> ModelSpec:
        """Return the model's signature."""
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run the model and keep pixels and outputs."""
        answer, pictures = self._client.infer(model, inputs, outputs), pictures_of(inputs)
        if not len(pictures):
            return answer
        with self._lock:
            self._kept[f"{model}/seen"].append(sampled(pictures))
            for name, value in answer.items():
                self._kept[f"{model}/{name}"].append(value)
        return answer

    def close(self) -> None:
        """Close the client that runs the models."""
        self._client.close()

    def save(self, path: Path) -> None:
        """Write everything for `Recordings.load`."""
        arrays: dict[str, Any] = {name: np.concatenate(parts) for name, parts in self._kept.items()}
        np.savez(path, **arrays)


class RecordedClient:
    """Answers what was recorded; the models are only asked for their signatures.

    Args:
        client: knows the signatures.
        recordings: the answers.
        times: counts what answering takes.
    """

    def __init__(self, client: InferenceClient, recordings: Recordings, times: StageTimes) -> None:
        self._client, self._recordings, self._times = client, recordings, times

    def signature(self, model: str) -> ModelSpec:
        """Return the model's signature."""
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Return the recorded outputs of the nearest pictures."""
        pictures = pictures_of(inputs)
        if not len(pictures):
            return self._client.infer(model, inputs, outputs)
        with self._times.measure(INFERENCE):
            return self._recordings.answer(model, pictures, outputs)

    def close(self) -> None:
        """Close the client that knows the signatures."""
        self._client.close()
