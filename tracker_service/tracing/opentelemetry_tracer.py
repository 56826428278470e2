"""Spans by OpenTelemetry's SDK: sampled, batched in a thread of their own, and exported. Needs the extra ``otel``."""

import logging
import os
from collections.abc import Mapping, Sequence
from threading import Thread

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tracker_service.tracing.span_file import FinishedSpan, SpanFile
from tracker_service.tracing.spans import Kind, Span, Value
from tracker_service.tracing.tracing_parameters import TracingParameters

_KINDS: dict[Kind, api.SpanKind] = {
    "internal": api.SpanKind.INTERNAL,
    "server": api.SpanKind.SERVER,
    "client": api.SpanKind.CLIENT,
    "consumer": api.SpanKind.CONSUMER,
}
_WAITING_SPANS, _SENT_TOGETHER, _EVERY_MILLISECONDS = 8192, 512, 1000
"""Spans that wait for a collector that is slow; more are lost, and nothing else waits for it."""
_COLLECTOR_SECONDS = 2.0
"""For the collector to take a batch, all tries together."""
_END_SECONDS = 3.0
"""At the end, for what still waits."""
_context = TraceContextTextMapPropagator()
_logger = logging.getLogger(__name__)


class OpenTelemetryTracer:
    """Makes spans and hands them to exporters.

    Args:
        exporters: get every span that is kept, in batches.
        process: what this process is, as ``service``; its id is added.
        share: of the traces that begin here without a decision of the caller.
    """

    def __init__(self, exporters: Sequence[SpanExporter], process: str, share: float = 1.0) -> None:
        resource = Resource.create({"service.name": "phalp-triton", "phalp.process": f"{process} {os.getpid()}"})
        sampler = ParentBased(TraceIdRatioBased(share))
        self._provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
        for exporter in exporters:
            self._provider.add_span_processor(
                BatchSpanProcessor(exporter, _WAITING_SPANS, _EVERY_MILLISECONDS, _SENT_TOGETHER)
            )
        self._tracer = self._provider.get_tracer("tracker_service")

    @classmethod
    def of(cls, parameters: TracingParameters, process: str) -> "OpenTelemetryTracer":
        """Return the tracer that the settings ask for; raises `SettingsError` where their file cannot be written."""
        exporters: list[SpanExporter] = []
        if parameters.span_file is not None:
            exporters.append(_FileExporter(SpanFile(parameters.span_file, parameters.span_file_bytes)))
        if parameters.otlp_url is not None:
            exporters.append(_CollectorExporter(parameters.otlp_url))
        return cls(exporters, process, parameters.traced_share)

    def start(
        self,
        name: str,
        parent: Span | str | None,
        *,
        kind: Kind = "internal",
        values: Mapping[str, Value] | None = None,
        nanoseconds: int | None = None,
    ) -> "OpenSpan":
        """Begin a span; see `Tracer`."""
        if isinstance(parent, OpenSpan):
            context = api.set_span_in_context(parent.span, Context())
        else:
            context = _context.extract({} if parent is None else {"traceparent": str(parent)}, Context())
        span = self._tracer.start_span(name, context, _KINDS[kind], values, start_time=nanoseconds)
        return OpenSpan(span)

    def close(self) -> None:
        """Export what waits, for a few seconds at most."""
        # The SDK may wait for a collector that is away for longer than anybody would.
        ending = Thread(target=self._provider.shutdown, name="spans", daemon=True)
        ending.start()
        ending.join(_END_SECONDS)


class OpenSpan:
    """A span of OpenTelemetry; see `Span`."""

    __slots__ = ("span",)

    def __init__(self, span: api.Span) -> None:
        self.span = span

    @property
    def recorded(self) -> bool:
        """Whether it is kept."""
        return self.span.is_recording()

    @property
    def traceparent(self) -> str:
        """Its identity for other processes."""
        carrier: dict[str, str] = {}
        _context.inject(carrier, api.set_span_in_context(self.span, Context()))
        return carrier["traceparent"]

    def note(self, values: Mapping[str, Value]) -> None:
        """Add values to it."""
        self.span.set_attributes(values)

    def call(self, name: str) -> None:
        """Give it another name."""
        self.span.update_name(name)

    def failed(self, reason: str) -> None:
        """Note that it failed."""
        self.span.set_status(api.StatusCode.ERROR, reason)

    def end(self, nanoseconds: int | None = None) -> None:
        """End it."""
        self.span.end(nanoseconds)


class _FileExporter(SpanExporter):
    def __init__(self, file: SpanFile) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        written = self._file.append([_finished(span) for span in spans])
        return SpanExportResult.SUCCESS if written else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self._file.close()


class _CollectorExporter(SpanExporter):
    """Says once that the collector is away, and once that it is back; the SDK would say it for every batch."""

    def __init__(self, url: str) -> None:
        self._url, self._away = url, False
        self._exporter = OTLPSpanExporter(url, timeout=_COLLECTOR_SECONDS)
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away and not self._away:
            _logger.warning("spans are lost: %s does not take them", self._url)
        elif self._away and not away:
            _logger.warning("spans are sent again to %s", self._url)
        self._away = away
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def _finished(span: ReadableSpan) -> FinishedSpan:
    context, start, end = span.get_span_context(), span.start_time or 0, span.end_time or 0
    failed = span.status.status_code is api.StatusCode.ERROR
    return FinishedSpan(
        trace="" if context is None else api.format_trace_id(context.trace_id),
        span="" if context is None else api.format_span_id(context.span_id),
        parent=None if span.parent is None else api.format_span_id(span.parent.span_id),
        name=span.name,
        process=str(span.resource.attributes["phalp.process"]),
        start_ns=start,
        ms=(end - start) / 1e6,
        values=dict(span.attributes or {}),
        error=(span.status.description or "failed") if failed else None,
    )
