"""Association alone: its speed, what it does in occlusions, and its quality beside other trackers.

``python -m benchmarks.association [--json FILE]`` measures speed, synthetic occlusions and irregular detection. With
``--footage CACHE.npz TRUTH.txt`` (repeatable; the cache comes from ``python -m benchmarks.association.features VIDEO
CACHE.npz``, the truth is in MOT format) it compares trackers and the second pass on real detections, too. With
``--moving STILL.npz STILL.txt PAN.npz PAN.txt`` it compares them before a still and a moving camera (footage for that
comes from ``python -m benchmarks.association.panning VIDEO TRUTH.txt FOLDER``).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.association.flicker import flicker_table
from benchmarks.association.footage import footage_table, moving_table
from benchmarks.association.latency import latency_table
from benchmarks.association.occlusion import occlusion_table
from benchmarks.association.second_pass import second_pass_table
from harness.tables import Report, add_json_option
from tracker_service.body.model import BodyModel

_BODY = Path(__file__).resolve().parents[2] / "model_repository" / "hmr_lite" / "body_model.npz"
PARTS = ("speed", "occlusions", "flicker", "footage", "second-pass", "moving")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=15, help="crowds for each length of an occlusion")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="leave out the other parts")
    parser.add_argument("--footage", nargs=2, action="append", default=[], metavar=("CACHE", "TRUTH"), type=Path)
    names = ("STILL", "TRUTH", "MOVING", "TRUTH")
    parser.add_argument("--moving", nargs=4, action="append", default=[], metavar=names, type=Path)
    add_json_option(parser)
    options = parser.parse_args(arguments)
    report = Report("benchmarks.association", options.json, arguments)
    body = BodyModel.load(_BODY)
    if "speed" in options.only:
        _speed(report, body)
    if "occlusions" in options.only:
        _occlusions(report, body, options.seeds)
    if "flicker" in options.only:
        _flicker(report, body, options.seeds)
    for cache, truth in options.footage:
        if "footage" in options.only:
            _footage(report, cache, truth)
        if "second-pass" in options.only:
            _second_pass(report, cache, truth)
    for still, still_truth, moving, moving_truth in options.moving:
        if "moving" in options.only:
            _moving(report, (still, still_truth), (moving, moving_truth))


def _moving(report: Report, still: tuple[Path, Path], moving: tuple[Path, Path]) -> None:
    report.add(
        f"moving-{moving[0].stem}",
        f"The same people before a still camera ({still[0].stem}) and a moving one ({moving[0].stem})",
        {
            "tracker": "tracker",
            "IDF1_still": "IDF1, still",
            "IDF1_moving": "IDF1, moving",
            "HOTA_still": "HOTA, still",
            "HOTA_moving": "HOTA, moving",
            "id_switches_moving": "id switches, moving",
        },
        moving_table(still, moving),
    )


def _speed(report: Report, body: BodyModel) -> None:
    report.add(
        "speed",
        "One update of the tracker: appearance, pose and location, 4096-dimensional embeddings, features given",
        {"people": "people", "p50_ms": "p50, ms", "p99_ms": "p99, ms", "bytes_per_track": "bytes a track"},
        latency_table(body),
    )


def _occlusions(report: Report, body: BodyModel, seeds: int) -> None:
    tables = occlusion_table(body, seeds)
    report.add(
        "identities",
        "Identities kept through an occlusion",
        {
            "missed_frames": "missed frames",
            "kept_percent": "kept, %",
            "kept_percent_upstream": "kept as upstream, %",
            "visible_switches": "other people's switches",
            "visible_switches_upstream": "the same as upstream",
        },
        tables["identities"],
    )
    report.add(
        "predictions",
        "Error of predicted people by the age of the prediction",
        {
            "age": "age, frames",
            "joints_percent_of_height": "joints in the image, % of the height",
            "joints_percent_of_height_stale": "upstream's stale copy, %",
            "pose_mm": "pose, mm",
            "pose_mm_stale": "pose of the stale copy, mm",
        },
        tables["predictions"],
    )


def _flicker(report: Report, body: BodyModel, seeds: int) -> None:
    report.add(
        "tentative-misses",
        "Irregular detection: misses that an unconfirmed track survives",
        {
            "detected_percent": "frames detected, %",
            "tentative_misses": "`tentative_misses`",
            "coverage_percent": "coverage, %",
            "false_tracks": "false tracks in 100 frames",
        },
        flicker_table(body, seeds),
    )


def _footage(report: Report, cache: Path, truth: Path) -> None:
    report.add(
        f"trackers-{cache.stem}",
        f"Trackers on the detections of {cache.stem}, each at the score gate that is best for its HOTA",
        {
            "tracker": "tracker",
            "score_gate": "score gate",
            "HOTA": "HOTA",
            "IDF1": "IDF1",
            "MOTA": "MOTA",
            "id_switches": "id switches",
        },
        footage_table(cache, truth),
    )


def _second_pass(report: Report, cache: Path, truth: Path) -> None:
    report.add(
        f"second-pass-{cache.stem}",
        f"Second pass over low-score people of {cache.stem}",
        {
            "score_gate": "score gate",
            "second_pass": "second pass",
            "HOTA": "HOTA",
            "IDF1": "IDF1",
            "id_switches": "id switches",
            "missed": "missed boxes",
        },
        second_pass_table(cache, truth),
    )


if __name__ == "__main__":
    main()
