"""What Prometheus reads about requests to Triton."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from tracker_service.errors import (
    InferenceError,
    InferenceFailedError,
    InferenceOverloadedError,
    InferenceTimeoutError,
    InferenceUnavailableError,
    ModelContractError,
    ModelNotFoundError,
)
from tracker_service.inference.request_counts import CountingClient

_KINDS: dict[type[InferenceError], str] = {
    InferenceUnavailableError: "unavailable",
    InferenceTimeoutError: "timeout",
    InferenceOverloadedError: "overloaded",
    InferenceFailedError: "failed",
    ModelNotFoundError: "model_not_found",
    ModelContractError: "model_contract",
}


class TritonMetrics(Collector):
    """Reads the counters of a client when the metrics are read.

    Args:
        client: whose requests are counted.
    """

    def __init__(self, client: CountingClient) -> None:
        self._client = client

    def collect(self) -> Iterator[Metric]:
        """Return failed and repeated requests."""
        failures = self._client.failures()
        errors = CounterMetricFamily(
            "phalp_triton_errors", "Requests to Triton that failed, healed later or not.", labels=["kind"]
        )
        for error, kind in _KINDS.items():
            errors.add_metric([kind], failures.get(error, 0))
        yield errors
        retries = CounterMetricFamily("phalp_triton_retries", "Requests sent to Triton again.", labels=["model"])
        for model, count in self._client.repeated_models().items():
            retries.add_metric([model], count)
        yield retries
