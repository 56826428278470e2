"""`python -m benchmarks.live`: a generated camera, followed by the product, both on this machine."""

import argparse
import sys

from benchmarks.live.broken import http_camera, kills, memory, rtsp_camera
from benchmarks.live.glass_to_json import VIEWS, View, measured
from harness.tables import Report, add_json_option
from tracker_service.settings import load_settings

PARTS = ("latency", "kills", "memory")
_RATE = 30.0
_SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
_LATENCY = {
    "camera": "camera",
    "people": "people found",
    "p50 ms": "p50, ms",
    "p99 ms": "p99, ms",
    "computed a second": "computed a second",
    "skipped": "skipped of arrived",
}
_KILLS = {
    "camera": "camera",
    "kills": "kills",
    "longest gap s": "longest gap, s",
    "connected again": "connected again",
    "people": "identities in more than ten frames",
    "identities": "identities",
}
_MEMORY = {"minutes": "minutes", "computed": "frames computed", "MiB": "resident, MiB"}


def main() -> int:
    """Measure, print and keep tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=30.0, help="of each camera")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the stream whose memory is watched")
    parser.add_argument("--kills", type=int, default=20, help="of the camera")
    options = parser.parse_args()
    settings = load_settings()
    report = Report("benchmarks.live", options.json)
    if "latency" in options.only:
        cameras = [(name, view, _RATE) for name in _SIZES for view in VIEWS] + [("720p", VIEWS[-1], 2 * _RATE)]
        rows = [_latency(*camera, options.seconds) for camera in cameras]
        report.add("latency", "From the frame to its line of JSON", _LATENCY, rows)
    if "kills" in options.only:
        patient = load_settings({"phalp": {"max_age_track": 300}})
        rows = [kills(patient, options.kills, 0.5, made) for made in (http_camera, rtsp_camera)]
        report.add("kills", "A camera that is killed and started again", _KILLS, rows)
    if "memory" in options.only:
        report.add("memory", "A stream at 720p30", _MEMORY, memory(settings, options.minutes))
    return 0


def _latency(name: str, view: View, rate: float, seconds: float) -> dict[str, object]:
    row = measured(load_settings(), view, _SIZES[name], rate, seconds)
    shown = f"{row['skipped']:,} of {row['arrived']:,}"
    return {**row, "camera": f"{name}{rate:.0f}, {view.people}", "skipped": shown, "skipped frames": row["skipped"]}


if __name__ == "__main__":
    sys.exit(main())
