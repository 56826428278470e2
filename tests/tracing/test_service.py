"""The trace of a frame and of a video job: from the caller's span through the service to the worker's windows."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from tests.api.pictures import sample_jpegs
from tests.api.video_service import VideoService
from tests.tracing.collector import Collector, running_collector
from tracker_service.command_line.main import command_line
from tracker_service.errors import SettingsError
from tracker_service.tracing.span_file import FinishedSpan, Trace, read_traces

JOB, FRAME = "1" * 32, "2" * 32
"""The traces that the callers are in."""
CALLER = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture(scope="module")
def span_file(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Path:
    """The spans of a service that has tracked a video of three windows and answered a frame, and has ended."""
    folder = tmp_path_factory.mktemp("traced")
    file = folder / "spans.ndjson"
    settings = [f"telemetry.span_file={file}", f"telemetry.otlp_url={collector.url}", "telemetry.traced_windows=2"]
    with VideoService(folder, "pipeline.window=1", *settings) as service, ExitStack() as opened:
        client = opened.enter_context(service.client())
        client.headers["traceparent"] = f"00-{FRAME}-{CALLER}-01"
        client.post("/pose", content=sample_jpegs(1)[0], headers={"content-type": "image/jpeg"}).raise_for_status()
        client.headers["traceparent"] = f"00-{JOB}-{CALLER}-01"
        job = service.queue(client, max_frames=4)
        service.wait_complete(job)
        log = service.log_entries("POST /pose")
        assert [entry["trace"] for entry in log] == [FRAME]
        assert service.stop() == 0
    return file


@pytest.fixture(scope="module")
def traces(span_file: Path) -> dict[str, Trace]:
    return {trace.name: trace for trace in read_traces(span_file)}


def children(trace: Trace, parent: FinishedSpan) -> list[FinishedSpan]:
    return [span for span in trace.spans if span.parent == parent.span]


def the(trace: Trace, name: str) -> FinishedSpan:
    (span,) = (span for span in trace.spans if span.name == name)
    return span


def test_a_frame_is_a_part_of_its_callers_trace(traces: dict[str, Trace]) -> None:
    trace = traces[FRAME]
    request = the(trace, "POST /pose")
    assert request.parent == CALLER
    assert request.values["http.response.status_code"] == 200
    assert {"parsing", "decoding", "batch", "association", "encoding"} <= {
        span.name for span in children(trace, request)
    } | {span.name for span in children(trace, the(trace, "decoding"))}
    assert {"detection", "crops", "bodies"} <= {span.name for span in children(trace, the(trace, "batch"))}


def test_a_job_is_a_part_of_the_trace_of_the_request_that_submitted_it(traces: dict[str, Trace]) -> None:
    trace = traces[JOB]
    request, job = the(trace, "POST /jobs"), the(trace, "job")
    assert request.parent == CALLER
    assert job.parent == request.span
    assert job.process != request.process
    assert job.process.startswith("worker ")


def test_the_windows_of_a_job_have_its_stages_and_those_its_model_runs(traces: dict[str, Trace]) -> None:
    trace = traces[JOB]
    windows = children(trace, the(trace, "job"))
    # The first two, and of those after them every second.
    assert [window.values["phalp.first_frame"] for window in windows] == [0, 1, 2]
    stages = {span.name: span for span in children(trace, windows[0])}
    assert {"decoding", "detection", "crops", "bodies", "features", "association"} <= set(stages)
    assert "model detector_lite" in {span.name for span in children(trace, stages["detection"])}
    assert "model hmr_lite" in {span.name for span in children(trace, stages["bodies"])}


def test_the_collector_gets_what_the_file_gets(span_file: Path, traces: dict[str, Trace], collector: Collector) -> None:
    assert span_file.exists()
    assert {span.span for span in collector.spans} == {span.span for trace in traces.values() for span in trace.spans}


def trace_command(*arguments: object) -> Result:
    """What `phalp-triton trace` does with these arguments."""
    return CliRunner().invoke(command_line(["trace"]), ["trace", *map(str, arguments)], env={"COLUMNS": "140"})


def test_the_command_lists_traces_and_shows_one(span_file: Path) -> None:
    assert JOB[:8] in trace_command(span_file).stdout
    shown = trace_command(span_file, "--trace", JOB[:8]).stdout.splitlines()
    at = {
        name: next(line.index(name) for line in shown if line.lstrip().startswith(name)) for name in ("job", "window")
    }
    assert at["window"] > at["job"]
    spans = orjson.loads(trace_command(span_file, "--longest", "--json").stdout)
    assert {span["trace"] for span in spans} == {JOB}


def test_the_command_says_which_trace_it_expected(span_file: Path) -> None:
    failed = trace_command(span_file, "--trace", "nothing")
    assert isinstance(failed.exception, SettingsError)
    assert str(failed.exception) == "--trace: expected the beginning of one trace's id, got 'nothing' with 0"
