"""The committed clip is what the renderer makes, and the detector finds its people."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from samples.people.cast import Actor, cast_people
from samples.render import BODY_MODEL, CLIP_NAME, FRAMES, MOT_NAME, ROOT, TRUTH_NAME, render_frame, write_sample
from samples.scenery.stage import Stage, build_stage
from samples.truth import ClipTruth, PersonTruth
from tracker_service.body.model import BodyModel
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.evaluation.mot import read_mot
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.letterbox import letterbox
from tracker_service.types import UInt8
from tracker_service.video.source import open_source

SAMPLES = ROOT / "samples"
COMPARED = (0, 62, 110, 200)
EVERY = 10


@pytest.fixture(scope="module")
def scene() -> tuple[Stage, list[Actor]]:
    return build_stage(), cast_people(BodyModel.load(BODY_MODEL))


@pytest.fixture(scope="module")
def truth() -> ClipTruth:
    return ClipTruth.load(SAMPLES / TRUTH_NAME)


@pytest.fixture(scope="module")
def frames() -> dict[int, UInt8]:
    """Every tenth frame of the committed clip, and those that are compared."""
    with open_source(SAMPLES / CLIP_NAME) as source:
        decoded = {
            frame.number: frame.image for frame in source if frame.number % EVERY == 0 or frame.number in COMPARED
        }
        assert source.info.width == 1280
    return decoded


def test_the_clip_is_small() -> None:
    assert (SAMPLES / CLIP_NAME).stat().st_size < 3_000_000


@pytest.fixture(scope="module")
def rendered(scene: tuple[Stage, list[Actor]]) -> dict[int, tuple[UInt8, list[PersonTruth]]]:
    """The compared frames, rendered again."""
    return {number: render_frame(*scene, number) for number in COMPARED}


@pytest.mark.parametrize("number", COMPARED)
def test_rendering_again_gives_the_committed_frames(
    number: int, rendered: dict[int, tuple[UInt8, list[PersonTruth]]], frames: dict[int, UInt8]
) -> None:
    image, _ = rendered[number]
    # Squares of 8 pixels even out what the codec loses; a step of a person changes some of them by more than 60.
    squares = [cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA) for picture in (image, frames[number])]
    difference = np.abs(squares[0].astype(int) - squares[1].astype(int))
    assert difference.max() < 25
    assert difference.mean() < 1.5


def test_rendering_again_gives_the_committed_truth(
    rendered: dict[int, tuple[UInt8, list[PersonTruth]]], truth: ClipTruth
) -> None:
    for number, (_, people) in rendered.items():
        for index, person in enumerate(people):
            np.testing.assert_allclose(person.body_box, truth.boxes[number, index], atol=0.05)
            np.testing.assert_allclose(person.visible_box, truth.visible_boxes[number, index], atol=1.0)
            assert person.visibility == pytest.approx(truth.visibility[number, index], abs=0.01)
            np.testing.assert_allclose(person.joints_2d, truth.joints_2d[number, index], atol=0.05)
            np.testing.assert_allclose(person.joints_3d, truth.joints_3d[number, index], atol=1e-3)


def test_writing_leaves_three_readable_files(scene: tuple[Stage, list[Actor]], tmp_path: Path) -> None:
    written = write_sample(tmp_path, *scene, frames=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CLIP_NAME, TRUTH_NAME, MOT_NAME])
    loaded = ClipTruth.load(tmp_path / TRUTH_NAME)
    np.testing.assert_array_equal(loaded.boxes, written.boxes)
    assert (loaded.width, loaded.fps) == (1280, 25)
    assert set(read_mot(tmp_path / MOT_NAME)) == {0, 1}
    with open_source(tmp_path / CLIP_NAME) as source:
        assert [frame.timestamp for frame in source] == pytest.approx([0, 0.04], abs=1e-3)


def test_the_lite_detector_finds_everybody_who_is_seen(frames: dict[int, UInt8], truth: ClipTruth) -> None:
    client = EmbeddedClient(ROOT / "model_repository", threads=2)
    side, *_ = client.signature("detector_lite").inputs["images"].shape
    assert side is not None
    seen = np.zeros(len(truth.ids), int)
    found = np.zeros(len(truth.ids), int)
    for number in range(0, FRAMES, EVERY):
        canvas, place = letterbox(frames[number], (side, side))
        answer = client.infer("detector_lite", {"images": canvas[None]}, ["boxes", "scores"])
        boxes = place.boxes_to_source(answer["boxes"][0][answer["scores"][0] >= 0.35])
        clear = truth.visibility[number] > 0.9
        visible = truth.visible_boxes[number].astype(np.float64)
        overlap = pairwise_iou(_with_sizes(visible), _with_sizes(boxes.astype(np.float64)))
        seen += clear
        found += clear & (overlap.max(axis=1, initial=0) > 0.5)
    client.close()
    assert (seen >= 7).all()
    assert (found >= 0.9 * seen).all()


def _with_sizes(
    corners: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
