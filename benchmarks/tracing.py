"""What traces cost: ``python -m benchmarks.tracing [--json FILE]``.

CPU time of the process for the same frames, with recorded answers in place of the models: not traced, and traced into a
file, in turns. And the time of one step alone, outside of a trace and in one.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from statistics import median

from benchmarks.feed.__main__ import record
from benchmarks.feed.clients import RecordedClient
from benchmarks.feed.recordings import Recordings
from harness.tables import Report, add_json_option
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.tracing.spans import begin, step
from tracker_service.tracing.traced_process import traced_process
from tracker_service.tracing.tracing_parameters import TracingParameters
from tracker_service.video.source import open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "snow_promenade.mp4"
_STEPS = 100_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7, help="runs with and without")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="phalp-tracing-") as name:
        folder = Path(name)
        spans = TracingParameters(span_file=folder / "spans")
        off, on = _milliseconds_a_frame(options.pairs, folder, spans)
        outside = _nanoseconds_a_step()
        with traced_process(spans, "benchmark"):
            before = _nanoseconds_a_step()
            with begin("steps"):
                inside = _nanoseconds_a_step(_STEPS // 20)
    paired = [100 * (with_trace / without - 1) for without, with_trace in zip(off, on, strict=True)]
    rows: list[dict[str, object]] = [
        {"what": "CPU ms a frame, not traced (median)", "value": median(off)},
        {"what": "CPU ms a frame, traced into a file (median)", "value": median(on)},
        {"what": "more with traces, % (median of pairs)", "value": median(paired)},
        {"what": "smallest and largest pair, %", "value": f"{min(paired):.1f} and {max(paired):.1f}"},
        {"what": "ns a step, traces off", "value": outside},
        {"what": "ns a step, traces on, outside of one", "value": before},
        {"what": "ns a step in a trace", "value": inside},
    ]
    report = Report("benchmarks.tracing", options.json)
    report.add("cost", "What traces cost; models answer from a recording", {"what": "what", "value": "value"}, rows)


def _milliseconds_a_frame(pairs: int, folder: Path, spans: TracingParameters) -> tuple[list[float], list[float]]:
    answers = Recordings.load(record(SAMPLE, folder / "answers.npz"))
    off, on = [], []
    _run(answers, nullcontext())  # what is loaded once
    for _ in range(pairs):
        off.append(_run(answers, nullcontext()))
        with traced_process(spans, "benchmark"):
            on.append(_run(answers, begin("track")))
    return off, on


def _run(answers: Recordings, traced: AbstractContextManager[object]) -> float:
    """Return milliseconds of CPU time a frame of the process."""
    settings = load_settings({"render": {"enable": False}})
    times, frames = StageTimes(), 0
    with (
        closing(RecordedClient(open_client(settings), answers, times)) as client,
        open_source(SAMPLE, threads=1) as source,
        traced,
        closing(open_run(RunOptions.of(settings), client, source, source.info.fps, times=times)) as run,
    ):
        start = time.process_time()
        for _ in run.frames():
            frames += 1
        return 1000 * (time.process_time() - start) / frames


def _nanoseconds_a_step(steps: int = _STEPS) -> float:
    start = time.perf_counter_ns()
    for _ in range(steps):
        with step("nothing"):
            pass
    return (time.perf_counter_ns() - start) / steps


if __name__ == "__main__":
    main()
