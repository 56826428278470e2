"""Render the sample clip and its ground truth: ``python -m samples.render``."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from samples.cast import Actor, cast_people
from samples.frame import compose, person_sights
from samples.stage import Stage, build_stage
from samples.truth import ClipTruth, PersonTruth, person_truth
from tracker_service.body.model import BodyModel
from tracker_service.types import UInt8
from tracker_service.video.writer import VideoWriter

FPS = 25
FRAMES = 250
CLIP_NAME = "snow_promenade.mp4"
TRUTH_NAME = "ground_truth.npz"
MOT_NAME = "gt.txt"
ROOT = Path(__file__).resolve().parents[1]
BODY_MODEL = ROOT / "model_repository" / "hmr_lite" / "body_model.npz"
_CRF = 19


def render_frame(stage: Stage, actors: list[Actor], number: int) -> tuple[UInt8, list[PersonTruth]]:
    """Return frame ``number`` (from 0) as (H, W, 3) uint8 RGB, and the truth about its people."""
    time = number / FPS
    surfaces = [actor.surface(time) for actor in actors]
    people = person_sights(stage, surfaces)
    truth = [person_truth(actor, time, person, stage.view) for actor, person in zip(actors, people, strict=True)]
    return compose(stage, surfaces, people, number), truth


def render_frames(body: BodyModel, count: int = FRAMES) -> Iterator[tuple[UInt8, list[PersonTruth]]]:
    """Build the scene and yield its frames in order."""
    stage, actors = build_stage(), cast_people(body)
    for number in range(count):
        yield render_frame(stage, actors, number)


def main(arguments: list[str] | None = None) -> None:
    """Write the clip, its truth and its MOT file."""
    parser = argparse.ArgumentParser(prog="python -m samples.render", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "samples", help="folder to write to (default: samples/)")
    parser.add_argument("--frames", type=int, default=FRAMES, help="number of frames (default: %(default)s)")
    options = parser.parse_args(arguments)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    body = BodyModel.load(BODY_MODEL)
    stage, actors = build_stage(), cast_people(body)
    truths = []
    width, height = stage.view.size
    with VideoWriter(out / CLIP_NAME, width, height, FPS, crf=_CRF, preset="slow") as writer:
        for number in range(options.frames):
            image, truth = render_frame(stage, actors, number)
            writer.write(image)
            truths.append(truth)
            print(f"\rframe {number + 1} of {options.frames}", end="", flush=True)  # noqa: T201
    print()  # noqa: T201
    clip_truth = ClipTruth.of_frames(truths, actors, stage.view, FPS)
    partial = out / f".{TRUTH_NAME}.{os.getpid()}.npz"
    clip_truth.save(partial)
    partial.replace(out / TRUTH_NAME)
    partial = out / f".{MOT_NAME}.{os.getpid()}"
    partial.write_text(clip_truth.mot_rows(), encoding="utf-8")
    partial.replace(out / MOT_NAME)
    seen = np.array([[person.visibility for person in frame] for frame in truths])
    print(f"{options.frames} frames, {len(actors)} people; frames fully hidden: {(seen == 0).sum(axis=0).tolist()}")  # noqa: T201


if __name__ == "__main__":
    main()
