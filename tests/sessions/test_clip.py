"""140 frames of the sample with the lite models: in order, reversed, by four workers, with suppressed detections."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.coroutines import result_of
from samples.truth import ClipTruth
from tests.body.conftest import PROJECT
from tests.sessions.synthetic_sessions import image, request
from tracker_service.body.model import BodyModel
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.windows import windows
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.sessions.video_tracker import VideoName, VideoTracker
from tracker_service.settings import Settings, load_settings
from tracker_service.types import Bool, Float32, Float64, Frame
from tracker_service.video.source import open_source
from tracker_service.wiring.models import load_body
from tracker_service.wiring.run import open_perception

SAMPLE = PROJECT / "samples" / "snow_promenade.mp4"
FRAMES = 140
BLUE = 1
"""Row of the person who is in the picture all the time."""
Plan: TypeAlias = Sequence[Sequence[int]]
"""The frames that each worker posts, one after another."""

IN_ORDER: Plan = [range(FRAMES)]
REVERSED: Plan = [range(FRAMES - 1, -1, -1)]
FOUR_WORKERS: Plan = [range(first, FRAMES, 4) for first in range(4)]
FOUR_WORKERS_REVERSED: Plan = [range(FRAMES - 1 - first, -1, -4) for first in range(4)]
FOUR_PARTS: Plan = [range(first, first + 35) for first in range(0, FRAMES, 35)]
PLANS = {
    "in order": IN_ORDER,
    "reversed": REVERSED,
    "four workers": FOUR_WORKERS,
    "four workers reversed": FOUR_WORKERS_REVERSED,
    "four parts": FOUR_PARTS,
}


@dataclass(frozen=True)
class Clip:
    """The clip as the lite models see it, each frame computed once, and the truth about it."""

    settings: Settings
    body: BodyModel
    observations: dict[int, FrameObservation]
    truth: ClipTruth


@pytest.fixture(scope="module")
def clip() -> Clip:
    settings = load_settings()
    client = EmbeddedClient(settings.inference.repository, threads=2)
    perception = open_perception(settings, client, times=StageTimes())
    with open_source(str(SAMPLE)) as video:
        frames = islice(video, FRAMES)
        observations = {seen.frame_number: seen for window in windows(frames, 4) for seen in perception.observe(window)}
    truth = ClipTruth.load(SAMPLE.with_name("ground_truth.npz"))
    return Clip(settings, load_body(settings), observations, truth)


Keep: TypeAlias = Callable[[FrameObservation], Bool]
"""Which of a frame's people are detected."""


def everybody(seen: FrameObservation) -> Bool:
    return np.ones(len(seen.people), np.bool_)


def post(clip: Clip, plan: Plan, keep: Keep = everybody) -> list[FrameAnswer]:
    """Post every frame as ``plan`` says and return the answers in the order of the frames."""
    tracking = replace(clip.settings.phalp, live=True)

    def observe(window: Sequence[Frame]) -> tuple[FrameObservation, ...]:
        observed = (clip.observations[frame.number] for frame in window)
        return tuple(replace(seen, people=seen.people.take(keep(seen))) for seen in observed)

    async def main() -> dict[int, FrameAnswer]:
        def new_video(name: VideoName) -> VideoTracker:
            return VideoTracker(name, Tracker(tracking, body=clip.body), clip.body, history=300)

        sessions = FrameSessions(observe, new_video, SessionParameters(gap_seconds=0.3), window=4)
        answers: dict[int, FrameAnswer] = {}

        async def worker(numbers: Sequence[int]) -> None:
            for number in numbers:
                answers[number] = await sessions.answer(request(number), image())

        await asyncio.gather(*map(worker, plan))
        await sessions.close(5)
        return answers

    answers = result_of(main())
    assert sorted(answers) == list(range(FRAMES))
    return [answers[number] for number in range(FRAMES)]


def overlaps(first: Float32, second: Float32) -> Float64:
    """Return the (n, m) overlap of boxes x1 y1 x2 y2."""
    sized = (
        np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1, dtype=float) for boxes in (first, second)
    )
    return pairwise_iou(*sized)


def true_person(clip: Clip, answer: FrameAnswer) -> int | None:
    """Return which person of the truth the main person of an answer is, None if the box fits nobody."""
    assert answer.main is not None
    overlap = overlaps(answer.main.box[None], clip.truth.boxes[answer.result.frame_number])[0]
    return int(overlap.argmax()) if overlap.max() > 0.3 else None


def is_spoken_for(answer: FrameAnswer) -> bool:
    """Whether the main person is predicted for longer than a short doubt although somebody is seen."""
    assert answer.main is not None
    return answer.main.age > 3 and any(person.age == 0 for person in answer.result.persons)


@pytest.mark.parametrize("plan", PLANS)
def test_140_frames_have_140_answers_whose_main_person_is_there_and_seldom_changes(plan: str, clip: Clip) -> None:
    answers = post(clip, PLANS[plan])
    assert {answer.video for answer in answers} == {1}
    mains = [answer.main for answer in answers if answer.main is not None]
    assert len(mains) == FRAMES
    assert sum(earlier.track_id != later.track_id for earlier, later in pairwise(mains)) <= 3
    assert not [answer for answer in answers if is_spoken_for(answer)]
    seen = [true_person(clip, answer) for answer in answers if answer.main is not None and answer.main.age == 0]
    assert seen.count(None) <= 0.05 * len(seen)  # how many frames come late depends on when the workers run


def test_four_workers_get_what_one_gets(clip: Clip) -> None:
    for one, four in zip(post(clip, IN_ORDER), post(clip, FOUR_WORKERS), strict=True):
        assert not four.late
        assert len(one.result.persons) == len(four.result.persons)
        for ours, theirs in zip(one.result.persons, four.result.persons, strict=True):
            assert (ours.track_id, ours.state) == (theirs.track_id, theirs.state)
            np.testing.assert_allclose(ours.joints_3d, theirs.joints_3d, atol=1e-3)


def suppressed(pattern: str) -> NDArray[np.bool_]:
    """36 % of the frames: at random, or in runs of ten. The first frame that is sent is among the others."""
    random = np.random.default_rng(3)
    if pattern == "at random":
        missing = 1 + random.permutation(FRAMES - 2)[: round(0.36 * FRAMES)]
    else:
        missing = np.concatenate([np.arange(10) + 10 * run for run in (1, 4, 5, 8, 11)])
    gone = np.zeros(FRAMES, np.bool_)
    gone[missing] = True
    assert gone.mean() == pytest.approx(0.36, abs=0.005)
    return gone


@pytest.mark.parametrize("pattern", ["at random", "in runs of ten"])
@pytest.mark.parametrize("plan", ["in order", "reversed", "four workers"])
def test_with_36_percent_of_detections_suppressed_every_frame_has_a_pose(plan: str, pattern: str, clip: Clip) -> None:
    gone = suppressed(pattern)
    answers = post(clip, PLANS[plan], lambda seen: np.full(len(seen.people), not gone[seen.frame_number]))
    assert [answer.detected == 0 for answer in answers] == gone.tolist()
    mains = [answer.main for answer in answers if answer.main is not None]
    assert len(mains) == FRAMES
    assert {main.tracking_confidence < 1 for main, missed in zip(mains, gone, strict=True) if missed} == {True}
    assert len({main.track_id for main in mains}) <= 2


@pytest.mark.parametrize("pattern", ["at random", "in runs of ten"])
@pytest.mark.parametrize("plan", ["in order", "reversed", "four workers"])
def test_a_clip_of_one_person_has_that_person_in_every_frame(plan: str, pattern: str, clip: Clip) -> None:
    gone = suppressed(pattern)

    def only_blue(seen: FrameObservation) -> Bool:
        truth = clip.truth.boxes[seen.frame_number, BLUE : BLUE + 1]
        at_blue = overlaps(seen.people.detections.boxes, truth)[:, 0] > 0.5
        return np.logical_and(at_blue, not gone[seen.frame_number])

    answers = post(clip, PLANS[plan], only_blue)
    mains = [answer.main for answer in answers]
    first = next(number for number, answer in enumerate(answers) if answer.detected)
    sent_before = [number for number in PLANS[plan][0] if answers[number].main is None]
    assert all(answers[number].main is not None for number in range(first, FRAMES) if number not in sent_before)
    assert len(sent_before) <= 3
    assert len({main.track_id for main in mains if main is not None}) == 1
    centers = np.array([main.box.reshape(2, 2).mean(axis=0) for main in mains if main is not None])
    truth = clip.truth.boxes[[number for number, main in enumerate(mains) if main is not None], BLUE]
    away = np.abs(centers[:, 0] - truth[:, ::2].mean(axis=1))
    assert np.median(away) < 20
    assert away.max() < 120
