"""The whole pipeline on the sample clip, with the real models."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.pipeline.overlap_parameters import OverlapParameters
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.shot_marks import mark_shots
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border
from tracker_service.settings import load_settings
from tracker_service.types import ArrayPicture, Frame, FrameResult, PersonState
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.run import RunOptions, open_perception, open_run

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = ROOT / "model_repository"
FRAMES = 25


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    with open_source(ROOT / "samples" / "snow_promenade.mp4", end=Position(frame=FRAMES)) as source:
        return tuple(source)


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    opened = EmbeddedClient(REPOSITORY, threads=1)
    yield opened
    opened.close()


NO_OVERLAY = {"render": {"enable": False}}


def run(
    frames: Sequence[Frame], client: EmbeddedClient, overlap: OverlapParameters, *, second_pass: bool = False
) -> list[FrameResult]:
    settings = load_settings({"phalp": {"second_pass": second_pass}, "pipeline": asdict(overlap), **NO_OVERLAY})
    run = open_run(RunOptions.of(settings), client, frames, 25.0, times=StageTimes())
    return [frame.result for frame in run.frames()]


def seen(result: FrameResult) -> set[int]:
    return {person.track_id for person in result.persons if person.state is PersonState.SEEN}


@pytest.fixture(scope="module")
def one_by_one(frames: tuple[Frame, ...], client: EmbeddedClient) -> list[FrameResult]:
    return run(frames, client, OverlapParameters(window=1, workers=1, in_flight=1))


@pytest.mark.parametrize("overlap", [OverlapParameters(*sizes) for sizes in ((4, 2, 3), (16, 2, 2), (7, 1, 1))])
def test_the_window_size_does_not_change_ids_or_numbers(
    frames: tuple[Frame, ...], client: EmbeddedClient, one_by_one: list[FrameResult], overlap: OverlapParameters
) -> None:
    windowed = run(frames, client, overlap)
    assert len(windowed) == len(one_by_one)
    for alone, batched in zip(one_by_one, windowed, strict=True):
        assert [person.track_id for person in alone.persons] == [person.track_id for person in batched.persons]
        assert alone.dropped == batched.dropped
        assert alone.camera_motion is not None
        assert batched.camera_motion is not None
        np.testing.assert_array_equal(alone.camera_motion.matrix, batched.camera_motion.matrix)
        for first, second in zip(alone.persons, batched.persons, strict=True):
            assert first.state is second.state
            for name in ("box", "joints_3d", "global_orient", "body_pose", "camera"):
                np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-3, atol=2e-3)
            np.testing.assert_allclose(first.joints_2d, second.joints_2d, atol=0.05)


def test_every_frame_comes_out_once_with_people_in_it(frames: tuple[Frame, ...], one_by_one: list[FrameResult]) -> None:
    assert [result.frame_number for result in one_by_one] == list(range(FRAMES))
    assert [result.timestamp for result in one_by_one] == [frame.timestamp for frame in frames]
    people = {person.track_id for result in one_by_one for person in result.persons}
    assert len(people) >= 2
    # Back-fill: whoever is confirmed on the fifth sighting is there from the first.
    assert one_by_one[0].persons


def test_the_camera_of_the_sample_stands_still(one_by_one: list[FrameResult]) -> None:
    first, *motions = [result.camera_motion for result in one_by_one]
    assert first is not None
    assert not first.known
    assert all(motion is not None and motion.still for motion in motions)


@pytest.mark.parametrize("settings", [{"camera": {"follow": False}}, {"phalp": {"compat": "upstream"}}])
def test_the_camera_is_not_followed_where_that_is_switched_off(
    frames: tuple[Frame, ...], client: EmbeddedClient, settings: dict[str, Any]
) -> None:
    options = RunOptions.of(load_settings({**settings, **NO_OVERLAY}))
    tracked = open_run(options, client, frames[:2], 25.0, times=StageTimes())
    assert [frame.result.camera_motion for frame in tracked.frames()] == [None, None]


@pytest.mark.parametrize("count", [1, 3])
def test_the_people_of_a_source_that_is_too_short_to_confirm_anybody_are_reported(
    frames: tuple[Frame, ...], client: EmbeddedClient, one_by_one: list[FrameResult], count: int
) -> None:
    results = run(frames[:count], client, OverlapParameters())
    assert len(results) == count
    for short, whole in zip(results, one_by_one, strict=False):
        assert seen(whole) <= seen(short) != set()


def test_a_person_who_is_hidden_for_a_while_is_predicted_and_keeps_the_id(
    frames: tuple[Frame, ...], client: EmbeddedClient, one_by_one: list[FrameResult]
) -> None:
    hidden = range(14, 20)
    black = ArrayPicture(np.zeros_like(frames[0].image))
    blinded = [dataclasses.replace(frame, picture=black) if frame.number in hidden else frame for frame in frames]
    results = run(blinded, client, OverlapParameters())
    before = seen(results[13])
    for number in hidden:
        persons = results[number].persons
        assert before <= {person.track_id for person in persons}
        # Second looks that find nobody say after a while that they are lost.
        states = {PersonState.PREDICTED} if number < 18 else {PersonState.PREDICTED, PersonState.LOST}
        assert {person.state for person in persons} <= states
        assert all(person.age == number - 13 for person in persons if person.track_id in before)
        assert all(0 < person.tracking_confidence < 1 for person in persons)
    confidences = [max(person.tracking_confidence for person in results[number].persons) for number in hidden]
    assert confidences == sorted(confidences, reverse=True)
    # Whoever is not hidden by the scene itself by then is seen again, as before.
    assert seen(results[-1]) & before == seen(one_by_one[-1]) & before != set()


def test_a_window_without_anybody_is_no_special_case(client: EmbeddedClient) -> None:
    empty = [Frame(number, number / 25, ArrayPicture(np.full((48, 64, 3), 90, np.uint8))) for number in range(5)]
    results = run(empty, client, OverlapParameters(window=2), second_pass=True)
    assert [result.persons for result in results] == [()] * 5


def test_behind_a_border_a_run_computes_the_batches_of_one_that_was_not_interrupted(
    frames: tuple[Frame, ...], client: EmbeddedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    infer, batches = client.infer, list[int]()

    def recorded(model: str, inputs: Mapping[str, NDArray[Any]], *others: Any, **options: Any) -> dict[str, Any]:
        if model == "detector_lite":
            batches.append(len(inputs["images"]))
        return infer(model, inputs, *others, **options)

    monkeypatch.setattr(client, "infer", recorded)
    options = RunOptions.of(load_settings({"pipeline": {"window": 4, "workers": 1}, **NO_OVERLAY}))
    whole = open_run(options, client, frames[:12], 25.0, times=StageTimes(), border_every=4)
    border, *_ = [item for item in whole if isinstance(item, Border)]
    assert batches == [*(1,) * 8, 4]
    batches.clear()
    kept = [TrackedFrame(frame) for frame in border.open_frames]
    rest = open_run(options, client, frames[4:12], 25.0, times=StageTimes(), border=border, open_frames=kept)
    assert [frame.result.frame_number for frame in rest.frames()][-8:] == [*range(4, 12)]
    assert batches == [*(1,) * 4, 4]


def test_images_are_kept_only_when_asked_for(frames: tuple[Frame, ...], client: EmbeddedClient) -> None:
    for keep in (True, False):
        perception = open_perception(load_settings(), client, times=StageTimes(), keep_images=keep)
        observed = perception.observe(frames[:2])
        assert [(seen.picture is not None, seen.keep_picture) for seen in observed] == [(keep, keep), (keep, keep)]


def test_a_second_look_gets_images_and_the_boxes_without_bodies(
    frames: tuple[Frame, ...], client: EmbeddedClient
) -> None:
    settings = load_settings({"phalp": {"low_th_c": 0.99, "second_pass_th": 0.15}})
    perception = open_perception(settings, client, times=StageTimes(), second_look=True)
    for seen in perception.observe(frames[:2]):
        assert seen.picture is not None
        assert not seen.keep_picture
        assert len(seen.low_boxes)
        assert (seen.low_boxes.scores > np.float32(0.15)).all()
        assert (seen.low_boxes.scores <= np.float32(0.99)).all()
        assert len(seen.people) == 0


def test_shots_are_marked_on_the_frame_they_begin_with() -> None:
    rng = np.random.default_rng(0)
    scenes = [rng.integers(0, 255, (36, 64, 3), np.uint8) for _ in range(2)]
    frames = [Frame(number, number / 25, ArrayPicture(scenes[number >= 12])) for number in range(24)]
    marked = list(mark_shots(frames))
    assert [one.number for one in marked] == list(range(24))
    assert [one.number for one in marked if one.shot] == [12]
