"""Render the sample clips and their ground truth: ``python -m samples.render``."""

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from samples.frame import compose, person_sights
from samples.jump.panorama import SIZE as JUMP_SIZE
from samples.jump.panorama import Panorama
from samples.jump.render import FRAMES as JUMP_FRAMES
from samples.jump.render import render_jump_frame
from samples.jump.rider import Rider, cast_riders
from samples.people.cast import Actor, cast_people
from samples.scenery.stage import Stage, build_stage
from samples.truth import ClipTruth, Person, PersonTruth, person_truth
from samples.view import View
from tracker_service.body.model import BodyModel
from tracker_service.types import UInt8
from tracker_service.video.writer import VideoWriter

FPS = 25
FRAMES = 250
CLIP_NAME = "snow_promenade.mp4"
TRUTH_NAME = "ground_truth.npz"
MOT_NAME = "gt.txt"
JUMP_NAME = "snow_jump.mp4"
JUMP_TRUTH_NAME = "snow_jump.npz"
JUMP_MOT_NAME = "snow_jump_gt.txt"
ROOT = Path(__file__).resolve().parents[1]
BODY_MODEL = ROOT / "model_repository" / "hmr_lite" / "body_model.npz"
CLIPS = ("promenade", "jump")


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """The files of a clip.

    Attributes:
        video: the frames.
        truth: what is known about them.
        boxes: the boxes among it, as MOT text.
        crf: quality of the video; raising it makes it smaller and worse.
    """

    video: str
    truth: str
    boxes: str
    crf: int


PROMENADE = ClipFiles(CLIP_NAME, TRUTH_NAME, MOT_NAME, crf=19)
JUMP = ClipFiles(JUMP_NAME, JUMP_TRUTH_NAME, JUMP_MOT_NAME, crf=23)


def render_frame(stage: Stage, actors: list[Actor], number: int) -> tuple[UInt8, list[PersonTruth]]:
    """Return frame ``number`` (from 0) as (H, W, 3) uint8 RGB, and the truth about its people."""
    time = number / FPS
    surfaces = [actor.surface(time) for actor in actors]
    people = person_sights(stage, surfaces)
    truth = [person_truth(actor, time, person, stage.view) for actor, person in zip(actors, people, strict=True)]
    return compose(stage, surfaces, people, number), truth


def write_sample(out: Path, stage: Stage, actors: list[Actor], frames: int = FRAMES) -> ClipTruth:
    """Write the first ``frames`` frames of the first clip and their truth to the folder ``out``; return the truth."""
    rendered = ((*render_frame(stage, actors, number), stage.view) for number in range(frames))
    return _write(out, PROMENADE, stage.view.size, rendered, actors)


def write_jump(out: Path, panorama: Panorama, riders: list[Rider], frames: int = JUMP_FRAMES) -> ClipTruth:
    """Write the first ``frames`` frames of the second clip and their truth to the folder ``out``; return the truth."""
    rendered = (render_jump_frame(panorama, riders, number) for number in range(frames))
    return _write(out, JUMP, JUMP_SIZE, rendered, riders)


def _write(
    out: Path,
    files: ClipFiles,
    size: tuple[int, int],
    rendered: Iterable[tuple[UInt8, list[PersonTruth], View]],
    people: Sequence[Person],
) -> ClipTruth:
    truths, views = [], []
    with VideoWriter(out / files.video, *size, FPS, crf=files.crf, preset="slow") as writer:
        for image, truth, view in rendered:
            writer.write(image)
            truths.append(truth)
            views.append(view)
            if not len(views) % FPS:
                print(f"{files.video}: {len(views)} frames", flush=True)  # noqa: T201
    clip_truth = ClipTruth.of_frames(truths, people, views, FPS)
    partial = out / f".{files.truth}.{os.getpid()}.npz"
    clip_truth.save(partial)
    partial.replace(out / files.truth)
    partial = out / f".{files.boxes}.{os.getpid()}"
    partial.write_text(clip_truth.mot_rows(), encoding="utf-8")
    partial.replace(out / files.boxes)
    return clip_truth


def main(arguments: list[str] | None = None) -> None:
    """Build the scenes and write the samples."""
    parser = argparse.ArgumentParser(prog="python -m samples.render", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "samples", help="folder to write to (default: samples/)")
    parser.add_argument("--clips", choices=CLIPS, nargs="+", default=list(CLIPS), help="leave out the other clip")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    body = BodyModel.load(BODY_MODEL)
    if "promenade" in options.clips:
        write_sample(options.out, build_stage(), cast_people(body))
    if "jump" in options.clips:
        write_jump(options.out, Panorama(), cast_riders(body))


if __name__ == "__main__":
    main()
