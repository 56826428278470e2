"""Steps inside one another, across threads and processes, by OpenTelemetry's SDK."""

import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from harness.ports import free_ports
from tests.tracing.collector import running_collector
from tracker_service.errors import SettingsError
from tracker_service.tracing.opentelemetry_tracer import OpenTelemetryTracer
from tracker_service.tracing.spans import begin, carried, here, inside, step, together, traced_by, traceparent
from tracker_service.tracing.traced_process import traced_process
from tracker_service.tracing.tracing_parameters import TracingParameters

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOT_SAMPLED = CALLER.removesuffix("01") + "00"


class Traced:
    """What was traced, by name."""

    def __init__(self, tracer: OpenTelemetryTracer, memory: InMemorySpanExporter) -> None:
        self._tracer, self._memory = tracer, memory

    def spans(self) -> dict[str, ReadableSpan]:
        """Export what waits and return the spans."""
        self._tracer.close()
        return {span.name: span for span in self._memory.get_finished_spans()}

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the spans with this name, in the order of their beginning, once `spans` was called."""
        found = [span for span in self._memory.get_finished_spans() if span.name == name]
        return sorted(found, key=lambda span: span.start_time or 0)

    def parents(self) -> dict[str, str | None]:
        """Return the name of each span's parent; None for one of another process, or none."""
        spans = self.spans()
        names = {span.context.span_id: name for name, span in spans.items() if span.context is not None}
        return {name: names.get(span.parent.span_id) if span.parent else None for name, span in spans.items()}


@pytest.fixture
def traced() -> Iterator[Traced]:
    memory = InMemorySpanExporter()
    with closing(OpenTelemetryTracer([memory], "test")) as tracer, traced_by(tracer):
        yield Traced(tracer, memory)


def test_a_process_that_is_not_traced_has_no_steps() -> None:
    with begin("request", CALLER) as request, step("inner") as inner:
        assert (request, inner, here(), traceparent()) == (None, None, None, None)


def test_steps_lie_in_one_another(traced: Traced) -> None:
    with begin("request"):
        with step("first"), step("within"):
            pass
        with step("second"):
            pass
    assert traced.parents() == {"request": None, "first": "request", "within": "first", "second": "request"}


def test_a_step_outside_of_a_trace_is_none(traced: Traced) -> None:
    with step("alone"):
        pass
    assert traced.spans() == {}


def test_a_trace_goes_on_with_that_of_the_caller_and_tells_the_next_process(traced: Traced) -> None:
    with begin("request", CALLER):
        told = traceparent()
    request = traced.spans()["request"]
    assert request.context is not None
    assert request.parent is not None
    assert told == f"00-0af7651916cd43dd8448eb211c80319c-{request.context.span_id:016x}-01"
    assert request.parent.span_id == 0xB7AD6B7169203331


@pytest.mark.parametrize("nonsense", ["", "00-xyz", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "\0"])
def test_what_is_no_traceparent_begins_a_new_trace(traced: Traced, nonsense: str) -> None:
    with begin("request", nonsense):
        pass
    assert traced.spans()["request"].parent is None


def test_a_caller_that_does_not_sample_leaves_no_steps_and_is_still_passed_on(traced: Traced) -> None:
    with begin("request", NOT_SAMPLED), step("inner"):
        assert here() is None
        assert (traceparent() or "").endswith("-00")
    assert traced.spans() == {}


def test_a_share_of_nothing_traces_only_what_callers_ask_for() -> None:
    memory = InMemorySpanExporter()
    with closing(OpenTelemetryTracer([memory], "test", share=0.0)) as tracer, traced_by(tracer):
        with begin("ours"):
            pass
        with begin("theirs", CALLER):
            pass
    assert [span.name for span in memory.get_finished_spans()] == ["theirs"]


def test_threads_are_in_a_step_where_they_are_called_through_it(traced: Traced) -> None:
    def work(name: str) -> None:
        with step(name):
            pass

    with ThreadPoolExecutor(1) as threads, begin("request"):
        place = here()
        threads.submit(work, "lost").result()
        threads.submit(carried(work), "carried").result()
        threads.submit(inside(place, work), "inside").result()
    assert traced.parents() == {"request": None, "carried": "request", "inside": "request"}


def test_one_thing_done_for_two_requests_is_a_step_of_both(traced: Traced) -> None:
    with begin("first"):
        first = here()
    with begin("second"):
        second = here()
    with together([first, None, second], "batch", {"phalp.frames": 3}), step("inner"):
        pass
    inner = traced.spans()["inner"]
    with_first, with_second = traced.named("batch")
    assert inner.parent == with_first.context
    assert with_first.parent != with_second.parent
    assert "phalp.computed_with" not in (with_first.attributes or {})
    assert "phalp.computed_with" in (with_second.attributes or {})


def test_a_step_that_fails_says_why(traced: Traced) -> None:
    with pytest.raises(ValueError, match="broken"), begin("request"), step("inner"):
        raise ValueError("broken")
    assert {name: span.status.description for name, span in traced.spans().items()} == {
        "inner": "ValueError: broken",
        "request": "ValueError: broken",
    }


def test_a_collector_gets_the_spans() -> None:
    with running_collector() as collector:
        with traced_process(TracingParameters(otlp_url=collector.url), "test"), begin("request"), step("inner"):
            pass
        (request,), (inner,) = collector.named("request"), collector.named("inner")
    assert inner.parent == request.span


def test_a_collector_that_is_away_is_named_once_and_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    away = TracingParameters(otlp_url=f"http://127.0.0.1:{port}/v1/traces")
    with caplog.at_level(logging.WARNING), traced_process(away, "test"):
        for _ in range(600):  # more than one batch
            with begin("request"):
                pass
    assert [record.message for record in caplog.records] == [f"spans are lost: {away.otlp_url} does not take them"]


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "tracker_service.tracing.opentelemetry_tracer")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with (
        pytest.raises(SettingsError, match=r"pip install 'phalp-triton\[otel\]'"),
        traced_process(TracingParameters(span_file=tmp_path / "spans"), "test"),
    ):
        pass


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"otlp_url: expected http://HOST:4318/v1/traces, got 'localhost:4317'"):
        TracingParameters(otlp_url="localhost:4317")
