"""Riders on labelled clips: ``python -m benchmarks.riders FOLDER [--option KEY=VALUE]... [--json FILE]``.

Every clip of FOLDER that its ``labels.json`` names is tracked as a user would, with the default settings, and compared
with the labels. A clip shows one rider and nobody else. The footage is not part of the project.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.riders.labels import Clip, read_clips
from benchmarks.riders.scores import ClipScore, LabelledResult, score_clip, total
from harness.tables import Report, add_json_option
from tracker_service import open_tracker, track
from tracker_service.settings import Settings, load_settings
from tracker_service.settings.overrides import parse_overrides
from tracker_service.types import FrameResult

_FOUND = {
    "clip": "clip",
    "labelled": "labelled frames",
    "seen": "share seen",
    "ways": "rider found by",
    "rider_identities": "ids of the rider",
    "identities": "ids of the clip",
}
_OTHERS = {
    "clip": "clip",
    "labelled": "labelled frames",
    "others_seen": "seen off the rider, a frame",
    "others_predicted": "predicted off the rider, a frame",
    "frames": "all frames",
    "frames_with_others": "with more than one person, %",
}
_POSES = {
    "clip": "clip",
    "poses": "poses",
    "error": "joint error / longer side",
    "pck": "PCK.1",
    "error_without_sides": "error, sides as they fit",
    "swaps": "sides swapped",
}
_FRAMES = {
    "clip": "clip",
    "frame": "frame",
    "found": "rider found by",
    "identity": "id",
    "overlap": "IoU",
    "error": "joint error",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="clips and their labels.json")
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE", help="a setting, as for `track`")
    parser.add_argument("--live", action="store_true", help="follow frame by frame, as a live client would")
    parser.add_argument("--frames", action="store_true", help="also print every labelled frame")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    clips = read_clips(options.folder)
    if not clips:
        print(f"skipped: expected clips and their labels.json in {options.folder}, found none")
        return
    settings = load_settings(parse_overrides(options.option))
    scores = [score_clip(clip, _tracked(clip, settings, live=options.live)) for clip in clips]
    _report(Report("benchmarks.riders", options.json, arguments), [*scores, total(scores)], frames=options.frames)


def _tracked(clip: Clip, settings: Settings, *, live: bool) -> Iterator[FrameResult]:
    if not live:
        yield from track(clip.video, settings=settings)
        return
    with open_tracker(settings=settings) as tracker, av.open(str(clip.video)) as video:
        for picture in video.decode(video=0):
            yield tracker.update(np.asarray(picture.to_ndarray(format="rgb24"), np.uint8))


def _report(report: Report, scores: Sequence[ClipScore], *, frames: bool) -> None:
    *clips, _ = scores
    rows = [_frame_row(result) for clip in clips for result in clip.labelled]
    if frames:
        report.add("frames", "Every labelled frame", _FRAMES, rows)
    else:
        report.keep("frames", "Every labelled frame", _FRAMES, rows)
    report.add("found", "The rider of each clip, in the labelled frames", _FOUND, [row.found_row() for row in scores])
    report.add("others", "People reported who are not there", _OTHERS, [row.others_row() for row in scores])
    report.add("poses", "Poses of riders who were seen, own boxes", _POSES, [row.pose_row() for row in scores])


def _frame_row(result: LabelledResult) -> dict[str, Any]:
    rider = result.rider
    return {
        "clip": result.label.clip,
        "frame": result.label.frame_number,
        "found": result.found,
        "identity": None if rider is None else rider.track_id,
        "overlap": result.overlap,
        "error": float(np.nanmean(result.errors)) if result.seen else None,
        "sides_swapped": result.sides_swapped if result.tells_sides else None,
        "size": result.label.size,
    }


if __name__ == "__main__":
    main()
