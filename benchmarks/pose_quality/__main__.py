"""Whether the stated quality holds: ``python -m benchmarks.pose_quality [--riders FOLDER] [--stills FOLDER]``.

Rendered people with exact joints (the sample, shrunk, blurred, darkened, cut off and turned) give the calibration;
labelled footage, which is not part of the project, shows whether it holds there. In single pictures the gates are low,
so that people whom a track or a second look finds are judged, too; clips are followed with the default settings.
"""

import argparse
from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.pose_quality.border import border_rows
from benchmarks.pose_quality.clips import rendered_clips, rider_clips
from benchmarks.pose_quality.copies import EVERY, copies
from benchmarks.pose_quality.judging import judge, quality_rows, reason_rows
from benchmarks.pose_quality.stills import still_pictures
from harness.tables import Report, add_json_option
from tracker_service import open_tracker
from tracker_service.settings import load_settings
from tracker_service.wiring.models import models_of, open_client

_GATES: dict[str, Any] = {"n_init": 1, "low_th_c": 0.15, "presence_th": 0.0}
_QUALITY = {
    "kind": "picture",
    "poses": "poses",
    "usable": "usable, %",
    "usable_kept": "within .10, %",
    "doubtful": "doubtful, %",
    "doubtful_kept": "within what is stated, %",
}
_REASONS = {"reason": "reason", "poses": "poses", "mean": "mean error", "nine_in_ten": "nine in ten below"}
_BORDER = {
    "seen": "body seen",
    "people": "people",
    "error_alone": "error, box alone",
    "error": "error",
    "height_alone": "height, box alone",
    "height": "height",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=EVERY, help="frames of the sample from one copy to the next")
    parser.add_argument("--riders", type=Path, metavar="FOLDER", help="clips and labels as for benchmarks.riders")
    parser.add_argument("--stills", type=Path, metavar="FOLDER", help="stills and their labels.json")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    report = Report("benchmarks.pose_quality", options.json, arguments)
    title = "Poses of rendered people, by what was done to the picture"
    with open_tracker(**_GATES) as tracker:
        poses = list(judge(copies(options.every), tracker))
    report.add("rendered", title, _QUALITY, quality_rows(poses))
    report.add("reasons", "Errors of the same poses by reason, in heights", _REASONS, reason_rows(poses))
    settings = load_settings()
    with closing(open_client(settings)) as client:
        rows = border_rows(copies(options.every), client, models_of(settings))
    report.add("border", "Bodies cut off by the border: error of what is seen, and size, 1 is true", _BORDER, rows)
    with open_tracker() as tracker:
        clips = chain(rendered_clips(), rider_clips(options.riders) if options.riders else ())
        poses = list(judge(clips, tracker))
    if options.stills:
        with open_tracker(**_GATES) as tracker:
            poses += judge(still_pictures(options.stills), tracker)
    rows = quality_rows(poses, total=False)
    report.add("footage", "Poses in clips that are followed live, and of labelled stills", _QUALITY, rows)
    if not (options.riders and options.stills):
        print("skipped: labelled footage, because not both folders with labels were given")


if __name__ == "__main__":
    main()
