"""How much of a run's wall time its requests were under way: how busy the inference stage of the pipeline is."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor


class WatchedClient:
    """Passes requests on and adds up the time during which at least one of them is under way.

    Unlike the sum of the stages' seconds, time in which requests of two windows overlap counts once, and cropping
    and letterboxing do not count. Closing it closes the client behind it.

    Args:
        client: answers the requests.
        clock: tells the time, seconds.
    """

    def __init__(self, client: InferenceClient, clock: Callable[[], float] = time.perf_counter) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way = 0
        self._since = 0.0
        self._busy = 0.0

    def signature(self, model: str) -> ModelSpec:
        """Return the signature; this is not counted."""
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run ``model`` and count the time it takes."""
        with self._lock:
            if self._under_way == 0:
                self._since = self._clock()
            self._under_way += 1
        try:
            return self._client.infer(model, inputs, outputs)
        finally:
            with self._lock:
                self._under_way -= 1
                if self._under_way == 0:
                    self._busy += self._clock() - self._since

    def close(self) -> None:
        """Close the client behind."""
        self._client.close()

    def busy_seconds(self) -> float:
        """Return the seconds with at least one request under way, of spans that have ended."""
        with self._lock:
            return self._busy
