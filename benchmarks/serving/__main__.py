"""`python -m benchmarks.serving`: the pipeline behind a real Triton server, against embedded models on the same CPU."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.serving.faults import fault_table
from benchmarks.serving.gap import gap_table
from benchmarks.serving.load import VIDEOS, embedded_in_turn, load_table
from benchmarks.serving.server import serving
from benchmarks.serving.stages import stage_table
from benchmarks.tables import show
from harness.triton.environment import EnvironmentUnavailableError
from harness.video_run import compare, run_video, sources
from tracker_service.inference.triton import TritonClient
from tracker_service.settings import load_settings
from tracker_service.wiring.assembly import open_client

PARTS = ("equality", "gap", "load", "stages", "faults")


def main() -> int:
    """Measure, print tables, optionally write JSON; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
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
    report: dict[str, Any] = {"source": source.name, "frames": options.frames, "configs": options.configs}
    try:
        if "equality" in options.only:
            report["equality"] = show("Embedded against Triton", [equality(name, path) for name, path in known.items()])
        if "gap" in options.only:
            report["gap"] = show("Waiting between batches while requests queue", gap_table(options.seconds))
        if "load" in options.only:
            in_turn = [embedded_in_turn(source, options.frames)]
            variant = "" if options.configs == "default" else options.configs
            report["load"] = show("Triton", load_table(source, options.frames, tuple(options.videos), variant))
            # Again, because the speed of a shared machine drifts in the minutes between.
            in_turn.append(embedded_in_turn(source, options.frames))
            report["embedded_in_turn"] = show("Embedded, one after another, before and after", in_turn)
        if "stages" in options.only:
            report["stages"] = show("Stages", stage_table(source, options.frames, tuple(options.videos)))
        if "faults" in options.only:
            client = open_client(load_settings())
            reference = run_video(client, source, options.frames)
            client.close()
            report["faults"] = show("Faults", fault_table(source, options.frames, reference))
    except EnvironmentUnavailableError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


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
