"""`python -m benchmarks.serving`: the pipeline behind a real Triton server, against embedded models on the same CPU."""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.serving.faults import fault_tables
from benchmarks.serving.gap import gap_table
from benchmarks.serving.load import VIDEOS, embedded_in_turn, load_table
from benchmarks.serving.server import serving
from benchmarks.serving.stages import stage_table
from harness.tables import Report, add_json_option
from harness.triton.environment import EnvironmentUnavailableError
from harness.video_run import compare, run_video, sources
from tracker_service.inference.triton.client import TritonClient
from tracker_service.settings import load_settings
from tracker_service.wiring.models import open_client

PARTS = ("equality", "gap", "load", "stages", "faults")


_EQUALITY = {
    "source": "video",
    "frames": "frames",
    "frames_lost": "frames lost",
    "ids_identical": "ids identical",
    "worst_joint_mm": "largest joint difference, mm",
}
_GAP = {
    "queue": "queue",
    "instances": "instances",
    "rows a batch": "rows a batch",
    "computing, ms a batch": "computing, ms a batch",
    "waiting, ms a batch": "waiting, ms a batch",
    "busy": "busy",
}
_LOAD = {
    "videos": "videos at once",
    "dynamic_batching": "dynamic batching",
    "shared_memory": "shared memory",
    "fps": "frames/s",
    "average_batch": "average batch",
    "busy": "part of the time computing",
}
_EMBEDDED = {
    "videos": "videos",
    "fps": "frames/s",
    "fps_with_process_start": "frames/s with the start of the processes",
}
_STAGES = {
    "videos": "videos at once",
    "decoding and cropping": "decoding and cropping",
    "Triton computes": "Triton computes",
    "association": "association",
}
_FAULTS = {
    "fault": "fault",
    "user_sees": "what the user sees",
    "frames_lost": "frames lost",
    "ids_identical": "ids identical",
    "seconds_to_recover": "recovery, s",
}
_REFUSED = {"fault": "fault", "user_sees": "what the caller gets", "seconds_to_error": "after, s"}


def main() -> int:
    """Measure, print and keep tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--frames", type=int, default=160, help="frames of each video, except for equality")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each row of the gap table is measured")
    parser.add_argument("--videos", type=int, nargs="+", default=list(VIDEOS), help="numbers of concurrent videos")
    parser.add_argument("--configs", choices=("cpu", "default"), default="cpu", help="configs of the load table")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    options = parser.parse_args()
    known = sources()
    if not known:
        print("expected samples/snow_promenade.mp4 or footage beside the project, found neither", file=sys.stderr)
        return 2
    source = known.get("PETS09-S2L1") or next(iter(known.values()))
    report = Report("benchmarks.serving", options.json)
    try:
        if "equality" in options.only:
            rows = [equality(name, path) for name, path in known.items()]
            report.add("equality", "Results behind Triton against embedded models", _EQUALITY, rows)
        if "gap" in options.only:
            report.add("gap", "Waiting between batches while requests queue", _GAP, gap_table(options.seconds))
        if "load" in options.only:
            _load(report, source, options)
        if "stages" in options.only:
            rows = stage_table(source, options.frames, tuple(options.videos))
            report.add("stages", "Part of the wall time in which each stage worked", _STAGES, rows)
        if "faults" in options.only:
            with closing(open_client(load_settings())) as client:
                reference = run_video(client, source, options.frames)
            during, refused = fault_tables(source, options.frames, reference)
            report.add("faults", "Faults while a video is tracked", _FAULTS, during)
            report.add("refused-calls", "Faults that end a call for a single frame", _REFUSED, refused)
    except EnvironmentUnavailableError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _load(report: Report, source: Path, options: argparse.Namespace) -> None:
    in_turn = [embedded_in_turn(source, options.frames)]
    variant = "" if options.configs == "default" else options.configs
    rows = load_table(source, options.frames, tuple(options.videos), variant)
    # Again, because the speed of a shared machine drifts in the minutes between.
    in_turn.append(embedded_in_turn(source, options.frames))
    report.add("load", f"Videos at once on one server, configs {options.configs}", _LOAD, rows)
    report.add("embedded", "Embedded models, one video after another, before and after", _EMBEDDED, in_turn)


def equality(name: str, path: Path) -> dict[str, Any]:
    """Compare a whole video with embedded and with served models."""
    embedded = open_client(load_settings())
    reference = run_video(embedded, path, None)
    embedded.close()
    with serving() as server:
        client = TritonClient(server.url)
        run = run_video(client, path, None)
        client.close()
    return {"source": name, "frames": len(run.ids), **compare(run, reference)}


if __name__ == "__main__":
    sys.exit(main())
