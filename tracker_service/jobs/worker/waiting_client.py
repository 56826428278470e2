"""An inference client that waits for a server that is away, for as long as it takes."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock
from typing import TypeVar

from tracker_service.errors import (
    InferenceOverloadedError,
    InferenceTimeoutError,
    InferenceUnavailableError,
    ModelResultsError,
)
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.types.public_text import without_places

_LONGEST_WAIT = 5.0
_SHOWN: tuple[tuple[type[InferenceUnavailableError], str], ...] = (
    (InferenceOverloadedError, "the inference server has more work than it can do"),
    (InferenceTimeoutError, "the inference server does not answer in time"),
    (InferenceUnavailableError, "the inference server cannot answer now"),
)
Answer = TypeVar("Answer")


class WaitingClient:
    """Passes calls on, and repeats those to which the server cannot answer now.

    Args:
        client: the real client; what it does about short outages is its own affair.
        away: is told why, for clients and with addresses for the log, each time that a call has to wait.
        back: is told when one is answered after that.
    """

    def __init__(self, client: InferenceClient, away: Callable[[str, str], None], back: Callable[[], None]) -> None:
        self._client = client
        self._tell_away, self._tell_back = away, back
        self._waiting = False
        self._lock = Lock()
        self._closed = Event()

    def signature(self, model: str) -> ModelSpec:
        """Return the model's signature; see `InferenceClient.signature`."""
        return self._until_answered(lambda: self._client.signature(model))

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run a model; see `InferenceClient.infer`.

        Raises:
            InferenceUnavailableError: the client was closed while the call waited.
        """
        return self._until_answered(lambda: self._client.infer(model, inputs, outputs))

    def close(self) -> None:
        """Close the real client; calls that wait give up."""
        self._closed.set()
        self._client.close()

    def _until_answered(self, call: Callable[[], Answer]) -> Answer:
        while True:
            try:
                answer = call()
            except InferenceUnavailableError as error:
                with self._lock:
                    self._waiting = True
                    self._tell_away(_shown(error), str(error))
                if self._closed.wait(min(error.retry_after, _LONGEST_WAIT)):
                    raise
            else:
                with self._lock:
                    if self._waiting:
                        self._waiting = False
                        self._tell_back()
                return answer


def _shown(error: InferenceUnavailableError) -> str:
    if isinstance(error, ModelResultsError):
        return without_places(str(error))
    return next(text for kind, text in _SHOWN if isinstance(error, kind))
