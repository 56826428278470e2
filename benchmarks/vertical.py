"""Which way is up, from what, and how far a camera turned: ``python -m benchmarks.vertical [--json FILE]``.

Both rendered clips are tracked, and the vertical compared with the true one: as the camera was held, corrected by
people who stand (as the product does it), and as the plane through the footprints has it, whose horizon is level if the
ground is. The turn is read from the corners of the background (as the product does it), and from the motion in the
middle of the picture.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.standing_people import people_and_vertical
from benchmarks.world import CLIPS, track
from harness.tables import Report, add_json_option
from samples.render import ROOT
from samples.true_world import TrueWorld
from samples.truth import ClipTruth
from tracker_service.camera.world.turning import angle_of, turn_of
from tracker_service.camera.world.upright import Upright
from tracker_service.types import CameraMotion, Float64, FrameResult

_NEAR = 0.15
"""Metres by which a footprint may miss the plane."""
_TRIES = 500


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", choices=CLIPS, nargs="+", default=list(CLIPS))
    add_json_option(parser)
    options = parser.parse_args(arguments)
    rows = [row(name) for name in options.clips]
    report = Report("benchmarks.vertical", options.json, arguments)
    report.add(
        "vertical",
        "Degrees by which the vertical is wrong at the end of a clip, the focal length given",
        {
            "clip": "clip",
            "held": "as held",
            "people": "people who stand",
            "sightings": "sightings of them",
            "plane": "plane of the footprints",
            "share": "footprints near it, %",
        },
        rows,
    )
    report.add(
        "turns",
        "Degrees by which the camera's turn is wrong at the end of a clip, the focal length given",
        {
            "clip": "clip",
            "turned": "turned by",
            "corners": "from the corners",
            "middle": "from the middle of the picture",
        },
        rows,
    )


def row(name: str) -> dict[str, Any]:
    """Return the row of a clip."""
    clip, truth_name = CLIPS[name]
    truth = ClipTruth.load(ROOT / "samples" / truth_name)
    frames = track(ROOT / "samples" / clip)
    upright, prints = seen_vertical(frames, truth.focal)
    turned = truth.rotations[0] @ truth.rotations[len(frames) - 1].T
    normal, share = plane_of(prints)
    true = TrueWorld.of(truth).up
    return {
        "clip": name,
        "held": _degrees(Upright.as_held().up, true),
        "people": _degrees(upright.up, true),
        "sightings": upright.count,
        "plane": _degrees(normal, true),
        "share": 100 * share,
        "turned": float(np.degrees(angle_of(turned))),
        **{name: _turn_off(turn, turned) for name, turn in turns_of(frames, truth.focal).items()},
    }


def turns_of(frames: Sequence[FrameResult], focal: float) -> dict[str, Float64]:
    """Return the axes of the last camera in those of the first, as either way has it."""
    turns = {"corners": np.eye(3), "middle": np.eye(3)}
    for frame in frames:
        motion = frame.camera_motion
        if motion is not None and motion.known and not motion.still:
            for name, seen in (("corners", motion), ("middle", CameraMotion(motion.matrix))):
                turns[name] = turns[name] @ turn_of(seen, (frame.width, frame.height), focal).T
    return turns


def _turn_off(said: Float64, true: Float64) -> float:
    return float(np.degrees(angle_of(said @ true.T)))


def seen_vertical(frames: Sequence[FrameResult], focal: float) -> tuple[Upright, Float64]:
    """Return the vertical that standing people show, and the (n, 3) lowest points of all bodies, in the first axes."""
    upright, prints = Upright.as_held(), []
    for _, _, body, axes, upright in people_and_vertical(frames, focal):
        feet = body.feet.reshape(-1, 3) @ axes.T
        prints.append(feet[int(np.argmin(feet @ upright.up))])
    return upright, np.array(prints)


def plane_of(points: Float64) -> tuple[Float64, float]:
    """Return the (3,) upward normal of the plane near most of (n, 3) points (RANSAC), and the share of them near it."""
    random = np.random.default_rng(0)
    near = np.zeros(len(points), np.bool_)
    for _ in range(_TRIES):
        start, *ends = points[random.choice(len(points), 3, replace=False)]
        normal = np.cross(ends[0] - start, ends[1] - start)
        here = np.abs((points - start) @ normal) < _NEAR * np.linalg.norm(normal)
        near = here if here.sum() > near.sum() else near
    chosen = points[near] - points[near].mean(axis=0)
    normal = np.linalg.svd(chosen)[2][2]
    return np.asarray(-normal * np.sign(normal[1]), np.float64), float(near.mean())


def _degrees(said: Float64, true: Float64) -> float:
    return float(np.degrees(np.arccos(np.clip(said @ true, -1, 1))))


if __name__ == "__main__":
    main()
