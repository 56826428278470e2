"""A client whose models are compared with what their export says: before they are used, and whenever they change."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from tracker_service.errors import ModelResultsError
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.inference.verification.check import ModelCheck, Surface, check_model, read_golden
from tracker_service.inference.verification.loaded import LoadedModel


class LoadingClient(InferenceClient, Protocol):
    """A client that tells which models it reaches."""

    @property
    def interruptions(self) -> int:
        """How often its server did not answer: another one may have taken its place each time."""
        ...

    def loaded(self, model: str) -> LoadedModel:
        """Return which model of this name is loaded now; raises `InferenceError`."""
        ...


@runtime_checkable
class ComparingClient(InferenceClient, Protocol):
    """A client that compares its models with their export; see `VerifiedClient`."""

    def verify(self, model: str) -> ModelCheck:
        """Compare a model, if that is due; raises `InferenceError`."""
        ...

    def checks(self) -> dict[str, ModelCheck]:
        """Return the last comparison of each model so far."""
        ...


@dataclass(frozen=True, slots=True)
class _Verdict:
    check: ModelCheck
    loaded: LoadedModel
    interruptions: int
    until: float

    def holds_for(self, loaded: LoadedModel, interruptions: int) -> bool:
        """Tell whether a good comparison is still one of the model that is loaded now."""
        return self.check.passed and self.interruptions == interruptions and not self.loaded.replaced_by(loaded)


class VerifiedClient:
    """Passes calls on to models that give what their export gave, and to those that nothing is known of.

    A model is compared before its first call and after its server was away. Every ``seconds`` it is looked at whether
    the server has loaded it again; then it is compared anew, and so is one that was too far off.

    Args:
        client: the real client.
        repository: the model repository, where the golden batches lie.
        seconds: between two looks. Raising it notices later that a model was replaced on a server that stayed up.
        surfaces: by body model, what computes the vertices of its rotations and shapes; see `check_model`.
        parts: by ensemble, the models that it runs, which are compared in its place.
    """

    def __init__(
        self,
        client: LoadingClient,
        repository: Path,
        seconds: float,
        surfaces: Mapping[str, Surface] = MappingProxyType({}),
        parts: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self.inner = client
        self._repository = repository
        self._seconds = seconds
        self._surfaces = surfaces
        self._parts = parts
        self._verdicts: dict[str, _Verdict] = {}
        self._lock = threading.Lock()

    def signature(self, model: str) -> ModelSpec:
        """Return the model's signature; see `InferenceClient.signature`."""
        return self.inner.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run a model; see `InferenceClient.infer`.

        Raises:
            ModelResultsError: the model's results are too far from those of its export.
        """
        compared = self._parts.get(model, (model,))
        for part in compared:
            self.verify(part)
        answers = self.inner.infer(model, inputs, outputs)
        for part in compared:
            self.verify(part)  # the server may have been replaced while the call was repeated
        return answers

    def verify(self, model: str) -> ModelCheck:
        """Compare a model with its export, if that is due, and return the comparison.

        Raises:
            ModelResultsError: its results are too far off; the message says which and by how much.
            InferenceError: it does not answer.
        """
        if (verdict := self._valid(model)) is None:
            with self._lock:
                verdict = self._valid(model) or self._renewed(model)
        if not verdict.check.passed:
            raise ModelResultsError(str(verdict.check), retry_after=self._seconds)
        return verdict.check

    def checks(self) -> dict[str, ModelCheck]:
        """Return the last comparison of each model so far."""
        return {model: verdict.check for model, verdict in list(self._verdicts.items())}

    def close(self) -> None:
        """Close the real client."""
        self.inner.close()

    def _valid(self, model: str) -> _Verdict | None:
        verdict = self._verdicts.get(model)
        if verdict is None or verdict.interruptions != self.inner.interruptions or time.monotonic() >= verdict.until:
            return None
        return verdict

    def _renewed(self, model: str) -> _Verdict:
        old, interruptions = self._verdicts.get(model), self.inner.interruptions
        loaded = self.inner.loaded(model)
        if old is not None and old.holds_for(loaded, interruptions):
            check = old.check
        else:
            check = self._compared(model, loaded)
            after = self.inner.loaded(model)
            loaded = loaded if loaded.replaced_by(after) else after
        verdict = _Verdict(check, loaded, interruptions, time.monotonic() + self._seconds)
        self._verdicts[model] = verdict
        return verdict

    def _compared(self, model: str, loaded: LoadedModel) -> ModelCheck:
        golden = read_golden(self._repository, model, loaded.version)
        if golden is None:
            return ModelCheck(model, "", ())
        return check_model(self.inner, model, golden, loaded.file, self._surfaces.get(model))
