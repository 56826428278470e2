"""The people of a video as the pipeline sees them before association, computed once and kept.

``python -m benchmarks.association.features VIDEO CACHE.npz`` computes them; all trackers of a comparison then get the
same detections, and each only pays for its own work.
"""

import argparse
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.camera.follower import CameraFollower
from tracker_service.pipeline.camera_motion import with_camera_motion
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.windows import windows
from tracker_service.settings import load_settings
from tracker_service.types import CameraMotion, Detections, People, Smpl, Squares
from tracker_service.video.source import open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import open_perception


@dataclass(frozen=True, slots=True)
class VideoFeatures:
    """What is associated.

    Attributes:
        frame_size: width and height in pixels.
        people: people of every frame that passed all gates.
        low_score: those below the score gate.
        motions: how the camera moved before every frame; None where nobody looked.
    """

    frame_size: tuple[int, int]
    people: list[People]
    low_score: list[People]
    motions: list[CameraMotion] | None = None


def compute_features(video: Path) -> VideoFeatures:
    """Run everything that precedes association, with the lite model set."""
    settings, times = load_settings({"phalp": {"second_pass": True}}), StageTimes()
    with closing(open_client(settings)) as client, open_source(str(video)) as source:
        perception, camera = open_perception(settings, client, times=times, follow_camera=True), CameraFollower()
        observed = [
            with_camera_motion(seen, camera, times)
            for window in windows(source, settings.pipeline.window)
            for seen in perception.observe(window)
        ]
    motions = [seen.result.camera_motion for seen in observed if seen.result.camera_motion is not None]
    size = observed[0].result.width, observed[0].result.height
    return VideoFeatures(size, [seen.people for seen in observed], [_low_score(seen) for seen in observed], motions)


def save_features(features: VideoFeatures, path: Path) -> None:
    """Write features as npz."""
    arrays = {"frame_size": np.array(features.frame_size)}
    for name, frames in (("people", features.people), ("low_score", features.low_score)):
        arrays[f"{name}.offsets"] = np.cumsum([0, *(len(people) for people in frames)])
        parts = [_arrays(people) for people in frames]
        arrays |= {f"{name}.{key}": np.concatenate([part[key] for part in parts]) for key in parts[0]}
    if features.motions is not None:
        arrays["motions.matrix"] = np.array([motion.matrix for motion in features.motions])
        arrays["motions.confidence"] = np.array([motion.confidence for motion in features.motions])
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_features(path: Path) -> VideoFeatures:
    """Read what `save_features` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = dict(archive.items())
    width, height = arrays["frame_size"].tolist()
    people, low_score = (list(_frames(arrays, name)) for name in ("people", "low_score"))
    return VideoFeatures((width, height), people, low_score, _motions(arrays))


def _motions(arrays: Mapping[str, NDArray[Any]]) -> list[CameraMotion] | None:
    if "motions.matrix" not in arrays:
        return None
    confidences = arrays["motions.confidence"].tolist()
    return [CameraMotion(*motion) for motion in zip(arrays["motions.matrix"], confidences, strict=True)]


def _low_score(seen: FrameObservation) -> People:
    return seen.people.take(np.zeros(0, np.int64)) if seen.low_score is None else seen.low_score


_PEOPLE = (
    "crop_cameras",
    "cameras",
    "joints_3d",
    "joints_2d",
    "pose",
    "location",
    "appearance",
    "presence",
    "identities",
    "annotated",
)


def _arrays(people: People) -> dict[str, NDArray[Any]]:
    detections, squares, smpl = people.detections, people.squares, people.smpl
    return {
        "boxes": detections.boxes,
        "scores": detections.scores,
        "centers": squares.centers,
        "sides": squares.sides,
        "angles": squares.angles,
        "global_orient": smpl.global_orient,
        "body_pose": smpl.body_pose,
        "betas": smpl.betas,
        **{name: getattr(people, name) for name in _PEOPLE},
    }


def joined(first: People, second: People) -> People:
    """Return the people of both, in this order."""
    arrays = {name: np.concatenate([values, _arrays(second)[name]]) for name, values in _arrays(first).items()}
    return _people(arrays)


def _frames(arrays: Mapping[str, NDArray[Any]], name: str) -> Iterator[People]:
    offsets = arrays[f"{name}.offsets"]
    for start, end in pairwise(offsets):
        rows = {key.removeprefix(f"{name}."): value[start:end] for key, value in arrays.items() if key.startswith(name)}
        yield _people(rows)


def _people(rows: Mapping[str, NDArray[Any]]) -> People:
    others: dict[str, Any] = {key: rows[key] for key in _PEOPLE}
    return People(
        detections=Detections(rows["boxes"], rows["scores"]),
        squares=Squares(rows["centers"], rows["sides"], rows["angles"]),
        smpl=Smpl(rows["global_orient"], rows["body_pose"], rows["betas"]),
        **others,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("cache", type=Path)
    options = parser.parse_args(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_features(compute_features(options.video), options.cache)


if __name__ == "__main__":
    main()
