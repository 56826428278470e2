"""How exactly exported files say what results say: ``python -m benchmarks.formats [--results FOLDER] [--json FILE]``.

The results of a run, by default of the sample, are written in every format, read back by a library that did not write
them, and compared in world coordinates.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.formats.memory import memory_rows
from benchmarks.formats.one_angle_joints import one_angle_joints
from harness.formats.poses import poses_of
from harness.formats.readers.glb import installed
from harness.formats.round_trips import READERS, round_trip
from harness.tables import Report, add_json_option
from samples.render import CLIP_NAME, ROOT
from tracker_service.body.model import BodyModel
from tracker_service.results.formats.registry import FORMATS
from tracker_service.settings import load_settings
from tracker_service.wiring.models import body_file, load_body
from tracker_service.wiring.track import track_video


def rows(results: Path, body: BodyModel, folder: Path) -> list[dict[str, Any]]:
    """Return one row of figures a format; files go into ``folder``."""
    said, package, found = poses_of(results, body), installed(folder), []
    for name in FORMATS:
        written = round_trip(name, results, folder / name, body, said, package)
        found.append(
            {
                "format": name,
                "reader": READERS[name],
                **asdict(written.round_trip),
                "problems": written.problems,
                "milliseconds": 1000 * written.seconds / written.round_trip.poses,
                "bytes": written.size / written.round_trip.poses,
            }
        )
    return found


_WHAT: Mapping[str, str] = {"format": "format", "reader": "read by"}
_ERRORS: Mapping[str, str] = {"joints": "SMPL's joints, mm", "turned": "their rotation, degrees"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="of a run; default: the sample is tracked")
    parser.add_argument("--lengths", type=int, nargs=2, metavar="FRAMES", help="also measure memory for two lengths")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    report, body = Report("benchmarks.formats", options.json, arguments), load_body(load_settings({}))
    with tempfile.TemporaryDirectory() as scratch:
        results = options.results or Path(scratch, "results")
        if options.results is None:
            settings = load_settings({"render": {"enable": False}})
            track_video(settings, str(ROOT / "samples" / CLIP_NAME), results)
        figures = rows(results, body, Path(scratch))
        lost = one_angle_joints(results)
        memory = memory_rows(results, body_file(load_settings({})).absolute(), options.lengths or ())
    points = {"keypoints": "reported joints, mm", "pixels": "in the picture, pixels"}
    title = "Largest error after a round trip"
    report.add("exact", title, {**_WHAT, **_ERRORS, **points}, figures)
    cost = {"surface": "surface, mm", "milliseconds": "ms a pose to write", "bytes": "bytes a pose"}
    columns = {"format": "format", **cost, "problems": "validator's errors and warnings"}
    report.add("cost", "Surface, effort and size", columns, figures)
    lost_columns = {"joint": "joint", "median": "median, degrees", "most": "largest, degrees"}
    if options.lengths:
        lengths = {f"at_{length}": f"MiB, {length} frames" for length in options.lengths}
        report.add("memory", "Peak memory of the process that converts", {"format": "format", **lengths}, memory)
    report.add("hinges", "What mot leaves out of joints with one angle", lost_columns, lost)


if __name__ == "__main__":
    main()
