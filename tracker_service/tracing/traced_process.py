"""Traces of a whole process: from the settings to spans that leave it."""

from collections.abc import Generator
from contextlib import closing, contextmanager

from tracker_service.errors import SettingsError
from tracker_service.tracing.spans import traced_by
from tracker_service.tracing.tracing_parameters import TracingParameters


@contextmanager
def traced_process(parameters: TracingParameters, process: str) -> Generator[None, None, None]:
    """Trace this process inside the block, if the parameters want it; what waits is exported at its end.

    Args:
        parameters: where traces go.
        process: what this process is: ``service``, ``worker``, ``track``.

    Raises:
        SettingsError: the packages of the extra are not installed, or the file cannot be written.
    """
    if not parameters.wanted:
        yield
        return
    # The SDK is large, and not everybody has it.
    try:
        from tracker_service.tracing.opentelemetry_tracer import OpenTelemetryTracer
    except ImportError as error:
        raise SettingsError(
            "telemetry: expected the packages of the extra otel (pip install 'phalp-triton[otel]'), "
            f"got none ({error.name})"
        ) from error
    with closing(OpenTelemetryTracer.of(parameters, process)) as tracer, traced_by(tracer):
        yield
