from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracker_service.errors import SettingsError
from tracker_service.types import ArrayPicture, Frame, UInt8
from tracker_service.video.shots import ShotDecision, ShotDetector
from tracker_service.video.source import open_source

FOOTAGE = Path(__file__).resolve().parents[3] / "shared" / "data"
WIDTH, HEIGHT = 160, 90


def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> UInt8:
    """Return a smooth random picture in colour, as different from that of another seed as two real scenes are."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def held(seed: int, count: int) -> list[UInt8]:
    """Return a still scene with a walking block and sensor noise."""
    noise = np.random.default_rng(seed + 100)
    images = []
    for number in range(count):
        image = scene(seed).astype(np.int16)
        image[40:80, (7 * number) % 140 : (7 * number) % 140 + 20] = (200, 40, 40)
        images.append(np.clip(image + noise.integers(-6, 7, image.shape), 0, 255).astype(np.uint8))
    return images


def pan(seed: int, count: int, step: int, still: int = 0) -> list[UInt8]:
    """Return a camera that looks ahead for ``still`` frames and then turns by ``step`` pixels a frame."""
    wide = scene(seed, WIDTH + step * count, HEIGHT)
    starts = [0] * still + [step * number for number in range(count)]
    return [wide[:, start : start + WIDTH] for start in starts]


def faded(first: Sequence[UInt8], second: Sequence[UInt8]) -> list[UInt8]:
    weights = np.linspace(0, 1, len(first))
    return [
        np.asarray(cv2.addWeighted(a, 1 - weight, b, weight, 0), np.uint8)
        for a, b, weight in zip(first, second, weights, strict=True)
    ]


def black(count: int) -> list[UInt8]:
    return [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * count


def white(count: int) -> list[UInt8]:
    return [np.full((HEIGHT, WIDTH, 3), 255, np.uint8)] * count


def decide(images: Sequence[UInt8], detector: ShotDetector | None = None) -> list[ShotDecision]:
    detector = detector or ShotDetector()
    decisions = [detector.push(Frame(number, number / 25, ArrayPicture(image))) for number, image in enumerate(images)]
    return [decision for decision in decisions if decision is not None] + list(detector.finish())


def shots(images: Sequence[UInt8]) -> list[int]:
    return [decision.frame_number for decision in decide(images) if decision.shot]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (held(0, 40), []),
        (held(0, 20) + held(1, 20), [20]),
        (held(0, 20) + held(1, 20) + held(2, 20) + held(0, 20), [20, 40, 60]),
        (held(0, 12) + held(1, 8) + held(2, 8), [12, 20]),
        (held(0, 1) + held(1, 20), [1]),
        (held(0, 20) + held(1, 1), [20]),
        (pan(0, 60, 6), []),
        (pan(0, 40, 12, still=20), []),
        (pan(0, 20, 6) + pan(1, 20, 6), [20]),
        (held(0, 10) + pan(1, 20, 12), [10]),
        (faded(held(0, 25), black(25)) + faded(black(25), held(0, 25)), []),
        (faded(held(0, 25), held(1, 25)), []),
        (held(0, 20) + white(1) + held(0, 20), []),
        (held(0, 20) + white(2) + held(0, 20), []),
        (held(0, 20) + white(3) + held(0, 20), []),
        (held(0, 20) + black(2) + held(0, 20), []),
        (held(0, 20) + white(1) + held(1, 20), [21]),
        (held(0, 20) + black(15) + held(1, 20), [20, 35]),
    ],
    ids=[
        "one shot",
        "a cut",
        "three cuts, back to the first scene",
        "cuts eight frames apart",
        "a cut after the first frame",
        "a cut before the last frame",
        "a pan",
        "a fast pan that begins suddenly",
        "a cut within a pan",
        "a cut into a fast pan",
        "fade to black and back",
        "dissolve",
        "flash",
        "flash of two frames",
        "flash of three frames",
        "two lost frames",
        "a cut under a flash",
        "black between two scenes",
    ],
)
def test_shots_begin_where_the_scene_changes(images: list[UInt8], expected: list[int]) -> None:
    assert shots(images) == expected


def test_grey_scenes_are_distinguished_by_brightness() -> None:
    dark, bright = (np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in (60, 140))
    assert shots([dark] * 10 + [bright] * 10) == [10]


def test_random_hue_of_dark_grey_is_no_change() -> None:
    noise = np.random.default_rng(0)
    images = [noise.integers(10, 26, (HEIGHT, WIDTH, 3)).astype(np.uint8) for _ in range(30)]
    assert shots(images) == []


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_every_frame_is_decided_once_with_a_fixed_delay(delay: int) -> None:
    detector = ShotDetector(lookahead=delay)
    assert detector.delay == delay
    given = []
    for number in range(12):
        decision = detector.push(Frame(number + 70, 0.0, ArrayPicture(scene(number))))
        assert (decision is None) == (number < delay)
        if decision is not None:
            assert decision.frame_number == number + 70 - delay
            given.append(decision.frame_number)
    given += [decision.frame_number for decision in detector.finish()]
    assert given == list(range(70, 82))
    assert detector.finish() == ()


def test_decision_does_not_depend_on_frames_beyond_the_delay() -> None:
    images = held(0, 20) + held(1, 20) + white(1) + held(1, 10)
    whole = decide(images)
    for length in range(1, len(images)):
        detector = ShotDetector()
        pushed = [
            detector.push(Frame(number, 0.0, ArrayPicture(image))) for number, image in enumerate(images[:length])
        ]
        assert [decision for decision in pushed if decision] == whole[: max(length - detector.delay, 0)]


def test_short_videos_have_one_shot() -> None:
    assert decide([]) == []
    assert decide(held(0, 1)) == [ShotDecision(0, shot=False, score=0.0)]


def test_size_of_the_frames_hardly_matters() -> None:
    small, large = (
        decide([np.asarray(cv2.resize(image, size), np.uint8) for image in held(0, 8) + held(1, 8)])
        for size in ((80, 45), (1280, 720))
    )
    assert [decision.shot for decision in small] == [decision.shot for decision in large]
    assert small[8].score == pytest.approx(large[8].score, rel=0.1)


@pytest.mark.parametrize(
    "settings", [{"ratio": 1.0}, {"minimum_score": -1.0}, {"lookahead": 0}, {"lookbehind": 0}], ids=str
)
def test_setting_that_cannot_be_used_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="shots"):
        ShotDetector(**settings)  # type: ignore[arg-type]


def test_raising_ratio_or_minimum_score_finds_fewer_cuts() -> None:
    images = pan(0, 20, 4) + pan(1, 20, 4)
    assert [d.shot for d in decide(images, ShotDetector())].count(True) == 1
    assert [d.shot for d in decide(images, ShotDetector(ratio=50.0))].count(True) == 0
    assert [d.shot for d in decide(images, ShotDetector(minimum_score=200.0))].count(True) == 0


@pytest.mark.footage
@pytest.mark.skipif(not FOOTAGE.is_dir(), reason="the real footage is not beside the project")
def test_real_footage_has_no_shot_change_except_where_clips_meet() -> None:
    images: list[UInt8] = []
    borders = []
    for path in sorted(FOOTAGE.glob("*.mp4")) + sorted(FOOTAGE.glob("*.avi")):
        borders.append(len(images))
        with open_source(path) as source:
            for frame in source:
                if frame.number == 80:
                    break
                images.append(np.asarray(cv2.resize(frame.image, (480, 270)), np.uint8))
    assert shots(images) == borders[1:]
