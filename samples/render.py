"""Render the sample clip and its ground truth: ``python -m samples.render``."""

import argparse
import os
from pathlib import Path

from samples.frame import compose, person_sights
from samples.people.cast import Actor, cast_people
from samples.scenery.stage import Stage, build_stage
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


def write_sample(out: Path, stage: Stage, actors: list[Actor], frames: int = FRAMES) -> ClipTruth:
    """Write the first ``frames`` frames, their truth and their MOT file to the folder ``out``; return the truth."""
    truths = []
    width, height = stage.view.size
    with VideoWriter(out / CLIP_NAME, width, height, FPS, crf=_CRF, preset="slow") as writer:
        for number in range(frames):
            image, truth = render_frame(stage, actors, number)
            writer.write(image)
            truths.append(truth)
            if number % FPS == FPS - 1:
                print(f"frame {number + 1} of {frames}", flush=True)  # noqa: T201
    clip_truth = ClipTruth.of_frames(truths, actors, stage.view, FPS)
    partial = out / f".{TRUTH_NAME}.{os.getpid()}.npz"
    clip_truth.save(partial)
    partial.replace(out / TRUTH_NAME)
    partial = out / f".{MOT_NAME}.{os.getpid()}"
    partial.write_text(clip_truth.mot_rows(), encoding="utf-8")
    partial.replace(out / MOT_NAME)
    return clip_truth


def main(arguments: list[str] | None = None) -> None:
    """Build the scene and write the sample."""
    parser = argparse.ArgumentParser(prog="python -m samples.render", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "samples", help="folder to write to (default: samples/)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    write_sample(options.out, build_stage(), cast_people(BodyModel.load(BODY_MODEL)))


if __name__ == "__main__":
    main()
