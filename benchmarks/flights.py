"""How far riders in the air are, by gravity: ``python -m benchmarks.flights [--json FILE]``.

Whoever flies falls with 9.81 m/s²: the directions in which the hips are seen during a flight tell their distance in
metres, without their size. The rendered jump is tracked; the flights are those of the truth, the vertical and the
camera's turn those that the product sees. The product does not use this yet.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from benchmarks.standing_people import people_and_vertical
from benchmarks.world import CLIPS, compare, placed, track
from harness.tables import Report, add_json_option
from samples.render import ROOT
from samples.true_world import TrueWorld
from samples.truth import ClipTruth
from tracker_service.camera.world.turning import levelling
from tracker_service.types import Float64, FrameResult

_GRAVITY = np.array([0.0, -9.81, 0.0])
_BEARING = 0.006
"""Radians by which the direction to the hips is wrong."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_json_option(parser)
    options = parser.parse_args(arguments)
    clip, truth_name = CLIPS["jump"]
    truth = ClipTruth.load(ROOT / "samples" / truth_name)
    report = Report("benchmarks.flights", options.json, arguments)
    report.add(
        "flights",
        "Distance of riders in the air, metres, in the middle of the flight",
        {
            "rider": "rider",
            "seconds": "seconds in the air",
            "frames": "frames seen",
            "true": "true",
            "size": "by the body's size",
            "gravity": "by gravity",
        },
        rows(track(ROOT / "samples" / clip), truth),
    )


def rows(frames: Sequence[FrameResult], truth: ClipTruth) -> list[dict[str, Any]]:
    """Return a row for every rider."""
    world, directions = TrueWorld.of(truth), hips_seen(frames, truth.focal)
    ways: dict[int, list[tuple[int, Float64, float]]] = {}
    for (rider, track_id), found in compare(placed(frames, truth.focal / truth.width), truth).items():
        for one in found:
            if not one.contacts.any():
                direction, distance = directions[one.frame, track_id]
                ways.setdefault(rider, []).append((one.frame, direction, distance))
    result = []
    for rider, way in sorted(ways.items()):
        numbers = [number for number, _, _ in way]
        row = truth.ids.tolist().index(rider)
        times = np.array(numbers) / truth.fps
        result.append(
            {
                "rider": rider,
                "seconds": float(times[-1] - times[0]),
                "frames": len(way),
                "true": float(np.linalg.norm(world.positions[numbers, row], axis=1).mean()),
                "size": float(np.mean([distance for _, _, distance in way])),
                "gravity": by_gravity(times, np.array([direction for _, direction, _ in way])),
            }
        )
    return result


def hips_seen(frames: Sequence[FrameResult], focal: float) -> dict[tuple[int, int], tuple[Float64, float]]:
    """Return where people are seen, a (3,) unit vector in level axes and metres by size, by frame and track."""
    seen = {}
    for frame, person, body, axes, upright in people_and_vertical(frames, focal):
        distance = float(np.linalg.norm(body.root))
        direction = levelling(upright.up) @ axes @ body.root / distance
        seen[frame.frame_number, person.track_id] = (direction, distance)
    return seen


def by_gravity(times: Float64, directions: Float64) -> float:
    """Return the distance of a flight at its mean time: the fall whose (n, 3) directions are nearest to those seen."""
    since = times - times.mean()
    fallen = np.outer(since**2 / 2, _GRAVITY)

    def missed(way: Float64) -> Float64:
        places = way[:3] + np.outer(since, way[3:]) + fallen
        return np.asarray((places / np.linalg.norm(places, axis=1, keepdims=True) - directions).ravel() / _BEARING)

    start = np.concatenate([15.0 * directions[len(directions) // 2], np.zeros(3)])
    return float(np.linalg.norm(least_squares(missed, start, loss="soft_l1").x[:3]))


if __name__ == "__main__":
    main()
