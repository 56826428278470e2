"""Clips whose frames follow each other, as the product sees them: the rendered ones, and those of riders."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import numpy as np

from benchmarks.pose_quality.copies import LEAST_VISIBLE, Copy, TruePerson
from benchmarks.riders.labels import LABELLED_JOINTS, LABELLED_NAMES, LabelledFrame, read_clips
from samples.render import CLIP_NAME, JUMP_NAME, JUMP_TRUTH_NAME, ROOT, TRUTH_NAME
from samples.truth import ClipTruth
from tracker_service.body.joints import JOINT_INDEX
from tracker_service.types import UInt8
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS

_SAMPLES = ROOT / "samples"


def rendered_clips() -> Iterator[Copy]:
    """Yield all frames of the rendered clips, with the exact joints of those of whom at least a third is seen."""
    for kind, clip, truth in (
        ("promenade, filmed", CLIP_NAME, TRUTH_NAME),
        ("jump, filmed", JUMP_NAME, JUMP_TRUTH_NAME),
    ):
        yield from _frames(kind, _SAMPLES / clip, _true_people(ClipTruth.load(_SAMPLES / truth)))


def rider_clips(folder: Path) -> Iterator[Copy]:
    """Yield all frames of a folder of riders' clips, some of which are labelled; see `benchmarks.riders`."""
    for clip in read_clips(folder):
        labelled = {number: (_rider(label),) for number, label in clip.labels.items()}
        yield from _frames("riders, filmed", clip.video, labelled)


def _frames(kind: str, video: Path, people: Mapping[int, tuple[TruePerson, ...]]) -> Iterator[Copy]:
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            image: UInt8 = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            yield Copy(kind, number, image, people.get(number, ()), alone=number == 0)


def _true_people(truth: ClipTruth) -> dict[int, tuple[TruePerson, ...]]:
    """Return the people of every frame; the size of their bodies is that of their longest box, at their distance."""
    sizes = (truth.boxes[..., 2:] - truth.boxes[..., :2]).max(axis=-1).astype(np.float64)
    depths = truth.roots[..., 2].astype(np.float64)
    heights = np.where(depths > 0, sizes * depths, 0).max(axis=0) / depths
    return {
        number: tuple(
            TruePerson(
                truth.visible_boxes[number, row].astype(np.float64),
                truth.joints_2d[number, row].astype(np.float64),
                float(heights[number, row]),
            )
            for row in np.flatnonzero(truth.visibility[number] > LEAST_VISIBLE)
        )
        for number in range(len(truth.boxes))
    }


def _rider(label: LabelledFrame) -> TruePerson:
    joints = np.full((NUMBER_OF_HMR_JOINTS, 2), np.nan)
    for name, place in zip(LABELLED_JOINTS, label.joints, strict=True):
        if name in LABELLED_NAMES:
            joints[JOINT_INDEX[LABELLED_NAMES[name]]] = place
    return TruePerson(label.box, joints, label.size)
