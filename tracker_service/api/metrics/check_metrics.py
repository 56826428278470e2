"""What Prometheus reads about the comparison of the models with their export."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tracker_service.inference.verification.check import ModelCheck


class CheckMetrics(Collector):
    """Reads the last comparison of each model when the metrics are read.

    Args:
        checks: returns them.
    """

    def __init__(self, checks: Callable[[], Mapping[str, ModelCheck]]) -> None:
        self._checks = checks

    def collect(self) -> Iterator[Metric]:
        """Return whether each model was compared, and how far its outputs are off."""
        checks = self._checks()
        verified = GaugeMetricFamily(
            "phalp_model_verified", "1 when the model gives what its export gave.", labels=["model"]
        )
        deviation = GaugeMetricFamily(
            "phalp_model_deviation_ratio",
            "How far an output is from what the export gave, relative to its limit: above 1 it is wrong.",
            labels=["model", "output"],
        )
        for model, check in checks.items():
            verified.add_metric([model], float(check.compared and check.passed))
            for output in check.outputs:
                deviation.add_metric([model, output.output], output.ratio)
        yield verified
        yield deviation
