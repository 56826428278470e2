"""How far people are from where they truly are: ``python -m benchmarks.world [--json FILE]``.

Both rendered clips are tracked and everybody's place, heading and contacts in the world compared with the truth: with
the focal length assumed, with the true one given, and refined. Ways are compared over stretches in which a person goes
three metres, so that only drift counts and not where the way began.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.tables import Report, add_json_option
from samples.render import CLIP_NAME, JUMP_NAME, JUMP_TRUTH_NAME, ROOT, TRUTH_NAME
from samples.true_world import TrueWorld
from samples.truth import ClipTruth
from tracker_service.camera.world.world_follower import ASSUMED_FOCAL, WorldFollower
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.refinement.refiner import Refiner
from tracker_service.settings import load_settings
from tracker_service.types import Bool, Float64, FrameResult, PersonState, PersonWorld
from tracker_service.video.source import open_source
from tracker_service.wiring.models import load_body, open_client
from tracker_service.wiring.run import RunOptions, open_run

_STRETCH = 3.0
_OVERLAP = 0.5
_MARKED = {True: "reliable", False: "not reliable"}
CLIPS = {"promenade": (CLIP_NAME, TRUTH_NAME), "jump": (JUMP_NAME, JUMP_TRUTH_NAME)}


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One person of one frame, said and true."""

    frame: int
    said: PersonWorld
    position: Float64
    heading: float
    upright: bool
    contacts: Bool


def compare(frames: Sequence[FrameResult], truth: ClipTruth) -> dict[tuple[int, int], list[Compared]]:
    """Return what was said of seen people and what is true, by person of the truth and of the results."""
    world = TrueWorld.of(truth)
    found: dict[tuple[int, int], list[Compared]] = {}
    for frame in frames:
        number = frame.frame_number
        known = [one for one in frame.persons if one.state is PersonState.SEEN and one.world is not None]
        if not known:
            continue
        boxes = np.array([one.box for one in known], np.float64)
        overlap = pairwise_iou(_with_sizes(truth.boxes[number].astype(np.float64)), _with_sizes(boxes))
        for index, row in enumerate(overlap):
            person = known[int(row.argmax())]
            if row.max() < _OVERLAP or person.world is None:
                continue
            compared = Compared(
                number,
                person.world,
                world.positions[number, index],
                float(world.headings[number, index]),
                bool(world.trunks[number, index] > 0.5),
                world.contacts[number, index],
            )
            found.setdefault((int(truth.ids[index]), person.track_id), []).append(compared)
    return found


def scores(found: dict[tuple[int, int], list[Compared]]) -> dict[str, Any]:
    """Return one row of the table."""
    every = [one for ways in found.values() for one in ways]
    drifts = np.array([drift for ways in found.values() for drift in _drifts(ways)]).reshape(-1, 2)
    turned = [one for one in every if one.upright]
    headings = np.array([abs(_angle(one.said.heading - one.heading)) for one in turned])
    right = np.array([(one.said.contacts > 0.5) == one.contacts for one in every])
    air = np.array([not one.contacts.any() for one in every])
    errors = _in_deviations(every)
    airborne = right[air].all(axis=1)
    return {
        "frames": len(every),
        "drift": float(np.median(drifts[:, 0])) if len(drifts) else None,
        "drift_90": float(np.percentile(drifts[:, 0], 90)) if len(drifts) else None,
        "height": float(np.median(drifts[:, 1])) if len(drifts) else None,
        "distance": 100 * float(np.median([_distance_error(one) for one in every])),
        "heading": float(np.degrees(np.median(headings))),
        "heading_90": float(np.degrees(np.percentile(headings, 90))),
        "contact": 100 * float(right.mean()),
        "air": 100 * float(airborne.mean()) if len(airborne) else None,
        "within_one": 100 * float((errors < 1).mean()),
        "within": 100 * float((errors < 2).mean()),
    }


def marks(found: dict[tuple[int, int], list[Compared]]) -> dict[bool, dict[str, Any]]:
    """Return how far places are off of which it is said that they are reliable, and of which it is not."""
    rows = {}
    for reliable in (True, False):
        marked = [one for ways in found.values() for one in ways if one.said.reliable is reliable]
        off = [100 * _length(one.said.position - one.position) / _length(one.position) for one in marked]
        reasons = Counter(str(one.said.doubts[0]) for one in marked if one.said.doubts)
        rows[reliable] = {
            "frames": len(marked),
            "off": float(np.median(off)) if marked else None,
            "off_90": float(np.percentile(off, 90)) if marked else None,
            "mostly": ", ".join(f"{name} {count}" for name, count in reasons.most_common(2)) or "-",
        }
    return rows


def _in_deviations(compared: Sequence[Compared]) -> Float64:
    errors = [np.abs(one.said.position - one.position) / one.said.position_deviation for one in compared]
    return np.array(errors)


def _length(vector: Float64) -> float:
    return float(np.linalg.norm(vector))


def _drifts(ways: Sequence[Compared]) -> list[tuple[float, float]]:
    """Return drift and error of height, mm per metre travelled, over every stretch of `_STRETCH` metres."""
    places = np.array([one.position for one in ways])
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))])
    drifts = []
    for start in range(len(ways)):
        end = int(np.searchsorted(travelled, travelled[start] + _STRETCH))
        if end < len(ways):
            said = ways[end].said.position - ways[start].said.position
            error = said - (places[end] - places[start])
            length = travelled[end] - travelled[start]
            drifts.append((1000 * float(np.linalg.norm(error)) / length, 1000 * abs(float(error[1])) / length))
    return drifts


def _distance_error(one: Compared) -> float:
    said, true = (float(np.linalg.norm(place)) for place in (one.said.position, one.position))
    return abs(said / true - 1)


def _angle(difference: float) -> float:
    return float((difference + np.pi) % (2 * np.pi) - np.pi)


def _with_sizes(corners: Float64) -> Float64:
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def track(clip: Path) -> list[FrameResult]:
    """Track a clip with the default settings, nobody placed in the world yet."""
    settings, times = load_settings({"camera": {"place_people": False}, "render": {"enable": False}}), StageTimes()
    with closing(open_client(settings)) as client, open_source(clip) as video:
        run = open_run(RunOptions.of(settings), client, video, video.info.fps, times=times)
        with closing(run):
            return [frame.result for frame in run.frames()]


def refined(frames: Sequence[FrameResult], rate: float) -> list[FrameResult]:
    """Return what the second pass makes of a finished run with the default settings."""
    settings = load_settings({})
    refiner = Refiner(settings.refinement, settings.phalp, load_body(settings), rate)
    return [done for frame in frames for done in refiner.push(frame)] + list(refiner.finish())


def placed(frames: Sequence[FrameResult], focal: float | None) -> list[FrameResult]:
    """Return the frames with everybody in the world; None assumes a focal length."""
    world = WorldFollower(ASSUMED_FOCAL if focal is None else focal, assumed=focal is None)
    return [world.follow(frame) for frame in frames]


@dataclass(frozen=True, slots=True, eq=False)
class ClipRows:
    """The rows of the tables for a clip.

    Attributes:
        places: how far off places, headings and contacts are.
        marks: the same of places that are marked as reliable, and of others.
    """

    places: list[dict[str, Any]]
    marks: list[dict[str, Any]]


def clip_rows(name: str) -> ClipRows:
    """Track a clip and compare it with its truth."""
    clip, truth_name = CLIPS[name]
    truth = ClipTruth.load(ROOT / "samples" / truth_name)
    exact = truth.focal / max(truth.width, truth.height)
    frames = track(ROOT / "samples" / clip)
    smooth = refined(frames, truth.fps)
    ways = (("assumed", frames, None), ("given", frames, exact), ("given, refined", smooth, exact))
    compared = {f"{name}, {label}": compare(placed(run, focal), truth) for label, run, focal in ways}
    known = compared[f"{name}, given"]
    return ClipRows(
        [{"run": run, **scores(found)} for run, found in compared.items()],
        [{"run": f"{name}, {_MARKED[reliable]}", **row} for reliable, row in marks(known).items()],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", choices=CLIPS, nargs="+", default=list(CLIPS))
    add_json_option(parser)
    options = parser.parse_args(arguments)
    report = Report("benchmarks.world", options.json, arguments)
    clips = [clip_rows(name) for name in options.clips]
    rows = [row for clip in clips for row in clip.places]
    which = {"run": "clip, focal length"}
    report.add(
        "places",
        "Where people are in the world, against the rendered truth; medians over stretches of three metres",
        {
            **which,
            "drift": "drift, mm a metre",
            "drift_90": "90 % below",
            "distance": "distance, %",
            "within_one": "within one deviation, %",
            "within": "within two, %",
        },
        rows,
    )
    report.add(
        "marks",
        "Places by whether they are marked as reliable, the focal length given",
        {
            "run": "clip, marked as",
            "frames": "sightings",
            "off": "off, % of the distance",
            "off_90": "90 % below",
            "mostly": "first doubts",
        },
        [row for clip in clips for row in clip.marks],
    )
    report.add(
        "bodies",
        "Heading and feet, against the rendered truth",
        {
            **which,
            "height": "height, mm a metre",
            "heading": "heading, degrees",
            "heading_90": "90 % below",
            "contact": "feet right, %",
            "air": "in the air, seen so, %",
        },
        rows,
    )


if __name__ == "__main__":
    main()
