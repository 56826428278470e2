"""What Prometheus reads from ``GET /metrics``."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.registry import Collector

from tracker_service.api.http.socket_outcome import SOCKET
from tracker_service.jobs.messages import FrameCounts
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.types import PersonState

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STAGE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ServiceMetrics:
    """The service's own metrics, in a registry of their own.

    Args:
        model_set: name of the running model set.
    """

    def __init__(self, model_set: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counter("phalp_requests", "HTTP requests.", ["route", "method", "status"], registry=registry)
        self._request_seconds = Histogram(
            "phalp_request_seconds", "Time to the end of an answer.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._stage_seconds = Histogram(
            "phalp_stage_seconds", "Busy time of a stage.", ["stage"], buckets=_STAGE_SECONDS, registry=registry
        )
        self._frames = Counter("phalp_frames", "Frames answered.", ["source"], registry=registry)
        self._expected = Counter(
            "phalp_frames_expected", "Frames at or after the first sighting.", ["source"], registry=registry
        )
        self._covered = Counter(
            "phalp_frames_covered", "Frames of these with at least one pose.", ["source"], registry=registry
        )
        self._persons = Counter("phalp_persons", "Poses returned.", ["state"], registry=registry)
        self._window_frames = Histogram(
            "phalp_window_frames",
            "Frames per batch given to the models.",
            buckets=(1, 2, 3, 4, 6, 8, 12, 16, 24, 32),
            registry=registry,
        )
        Info("phalp_build", "What runs.", registry=registry).info({"version": _version(), "model_set": model_set})
        self._start_series()

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(route, method if method in _METHODS else "other", str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def socket(self, route: str, status: int) -> None:
        """Count a WebSocket that has ended; how long it was open is nobody's waiting time."""
        self._requests.labels(route, SOCKET, str(status)).inc()

    def stage(self, stage: str, seconds: float) -> None:
        """Count busy seconds of a stage of the pipeline."""
        self._stage_seconds.labels(stage).observe(seconds)

    def batch(self, frames: int) -> None:
        """Count a batch given to the models."""
        self._window_frames.observe(frames)

    def frame(self, answer: FrameAnswer) -> None:
        """Count an answered frame of a session."""
        states = [person.state for person in answer.result.persons]
        self.frames("session", 1, expected=int(answer.expected), covered=int(answer.expected and bool(states)))
        seen, predicted, lost = (states.count(state) for state in PersonState)
        self.persons(seen=seen, predicted=predicted, lost=lost)

    def job_frames(self, counts: FrameCounts) -> None:
        """Count frames of a video job that are safely written."""
        self.frames("job", counts.frames, expected=counts.expected, covered=counts.covered)
        self.persons(seen=counts.seen, predicted=counts.predicted, lost=counts.lost)

    def frames(self, source: str, frames: int, *, expected: int, covered: int) -> None:
        """Count finished frames, those at or after the first sighting, and those of them with a pose."""
        self._frames.labels(source).inc(frames)
        self._expected.labels(source).inc(expected)
        self._covered.labels(source).inc(covered)

    def persons(self, *, seen: int, predicted: int, lost: int) -> None:
        """Count returned poses."""
        self._persons.labels("seen").inc(seen)
        self._persons.labels("predicted").inc(predicted)
        self._persons.labels("lost").inc(lost)

    def gauge(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Publish what ``value`` returns when the metrics are read."""
        Gauge(name, documentation, registry=self.registry).set_function(value)

    def collect_from(self, collector: Collector) -> None:
        """Publish what ``collector`` yields when the metrics are read."""
        self.registry.register(collector)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _start_series(self) -> None:
        """Publish zeros before anything happens, so that rates have a beginning."""
        for source in ("session", "job"):
            self.frames(source, 0, expected=0, covered=0)
        self.persons(seen=0, predicted=0, lost=0)


def _version() -> str:
    try:
        return version("phalp-triton")
    except PackageNotFoundError:
        return "unknown"
