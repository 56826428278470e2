"""Poses on single pictures: ``python -m benchmarks.poses [--stills FOLDER] [--riders FOLDER] [--spoilt VIDEO ...]``.

FOLDER holds pictures or clips and a ``labels.json``; see `benchmarks.poses.labels`. Every person is posed in the
labelled box, and looked for without it. The footage is not part of the project.
"""

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.poses.labels import read_riders, read_stills
from benchmarks.poses.product import Product
from benchmarks.poses.spoilt import COLUMNS as SPOILT
from benchmarks.poses.spoilt import spoilt_rows
from benchmarks.poses.stills import judge
from harness.tables import Report, add_json_option
from tracker_service.settings import load_settings
from tracker_service.settings.overrides import parse_overrides
from tracker_service.wiring.models import open_client

_LEAN = {
    "group": "lean, degrees",
    "people": "people",
    "error": "error, box given",
    "pck": "PCK.1, box given",
    "found": "share found",
    "found_pck": "PCK.1, found",
}
_RIDERS = {
    "group": "people",
    "error": "error, box given",
    "pck": "PCK.1",
    "error_without_sides": "error, sides as they fit",
    "pck_without_sides": "PCK.1, sides as they fit",
    "swaps": "sides swapped",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stills", type=Path, metavar="FOLDER", help="sports stills, grouped by lean")
    parser.add_argument("--riders", type=Path, metavar="FOLDER", help="clips of riders with labelled frames")
    parser.add_argument(
        "--spoilt", type=Path, nargs="+", default=[], metavar="VIDEO", help="turn, shrink, blur, darken"
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw curves of spoilt videos there")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE", help="a setting, as for `track`")
    parser.add_argument(
        "--name", default="", help="put before the names of the tables, to keep those of a variant apart"
    )
    parser.add_argument("--no-turns", action="store_true", help="take the upright crop of every given box")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    settings = load_settings(parse_overrides(options.option))
    report = Report("benchmarks.poses", options.json, arguments)
    with closing(open_client(settings)) as client:
        product = Product(settings, client, align=not options.no_turns)
        if options.stills is not None:
            rows = [group.row() for group in judge(read_stills(options.stills), product)]
            report.add(f"{options.name}lean", "Sports stills by the lean of the trunk", _LEAN, rows)
        if options.riders is not None:
            rows = [group.row() for group in judge(read_riders(options.riders), product)]
            report.add(f"{options.name}riders", "Labelled frames of riders", _RIDERS, rows)
        for video in options.spoilt:
            rows = spoilt_rows(video, product, options.pictures)
            report.add(f"{options.name}spoilt_{video.stem}", f"Spoilt frames of {video.stem}", SPOILT, rows)


if __name__ == "__main__":
    main()
