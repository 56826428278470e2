"""Looking again at frames of the sample clip, with the real models."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.second_look.looks import BLIND, expected, look, opened, places
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.boxes import overlaps
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import ArrayPicture, Float32, Frame
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.run import open_perception
from tracker_service.wiring.second_look import open_second_look

ROOT = Path(__file__).resolve().parents[3]
REPOSITORY = ROOT / "model_repository"


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    opened = EmbeddedClient(REPOSITORY, threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def frame() -> Frame:
    with open_source(ROOT / "samples" / "snow_promenade.mp4", end=Position(frame=1)) as source:
        return next(iter(source))


@pytest.fixture(scope="module")
def people(client: EmbeddedClient, frame: Frame) -> Float32:
    """The boxes of the two people whom the detector sees best."""
    (seen,) = open_perception(load_settings(), client, times=StageTimes()).observe([frame])
    return np.asarray(seen.people.detections.boxes[:2])


@pytest.mark.parametrize("by", ["finder", "detector"])
def test_people_are_found_near_where_they_are_expected(
    client: EmbeddedClient, frame: Frame, people: Float32, by: str
) -> None:
    phalp = {**BLIND, "second_pass_th": 0.15} if by == "detector" else BLIND
    second_look, seen = opened(client, frame, phalp=phalp, second_look={"by": by})
    seen = replace(seen, low_boxes=seen.low_boxes.take(np.zeros(0, np.int64)))
    found = places(look(second_look, seen, expected(people)))
    assert sorted(found) == [7, 8]
    assert all(overlaps(found[7 + row][None], people[[row]])[0, 0] > 0.6 for row in (0, 1))


def test_whom_one_look_finds_does_not_depend_on_who_else_is_looked_for(
    client: EmbeddedClient, frame: Frame, people: Float32
) -> None:
    second_look, seen = opened(client, frame)
    wanted = expected(people)
    together = places(look(second_look, seen, wanted))
    for row in range(len(wanted)):
        ((track_id, box),) = places(look(second_look, seen, wanted.take(np.array([row])))).items()
        np.testing.assert_allclose(box, together[track_id], atol=0.05)


def test_nobody_is_found_in_a_place_without_people(client: EmbeddedClient, frame: Frame, people: Float32) -> None:
    second_look, seen = opened(client, replace(frame, picture=ArrayPicture(np.full_like(frame.image, 200))))
    assert look(second_look, seen, expected(people)) is None


def test_a_box_below_the_gate_is_taken_before_anything_is_cut_out(
    client: EmbeddedClient, frame: Frame, people: Float32
) -> None:
    second_look, seen = opened(client, frame, phalp={**BLIND, "second_pass_th": 0.15})
    assert len(seen.low_boxes)
    found = places(look(second_look, seen, expected(people, shift=0)))
    np.testing.assert_array_equal([found[7], found[8]], people)


@pytest.mark.parametrize("turned", [True, False])
def test_somebody_upside_down_is_found_in_turned_cut_outs(
    client: EmbeddedClient, frame: Frame, people: Float32, turned: bool
) -> None:
    height, width = frame.image.shape[:2]
    upside_down = replace(frame, picture=ArrayPicture(np.ascontiguousarray(frame.image[::-1, ::-1])))
    boxes = (np.array([width, height, width, height]) - people[:1, [2, 3, 0, 1]]).astype(np.float32)
    second_look, seen = opened(client, upside_down, second_look={"turned": turned, "gate": 0.45, "turned_gate": 0.45})
    found = places(look(second_look, seen, expected(boxes)))
    assert sorted(found) == ([7] if turned else [])
    assert all(overlaps(box[None], boxes)[0, 0] > 0.6 for box in found.values())


def test_whoever_was_seen_is_not_found_for_somebody_else(client: EmbeddedClient, frame: Frame, people: Float32) -> None:
    settings = load_settings()
    perception = open_perception(settings, client, times=StageTimes(), second_look=True)
    (seen,) = perception.observe([frame])
    second_look = open_second_look(settings, client, perception, StageTimes())
    assert places(look(second_look, seen, expected(people[1:]))) == {}


def test_of_two_who_are_expected_at_one_place_one_is_found(
    client: EmbeddedClient, frame: Frame, people: Float32
) -> None:
    second_look, seen = opened(client, frame)
    assert sorted(places(look(second_look, seen, expected(people[[0, 0]])))) == [7]


def test_its_time_is_counted_by_itself(client: EmbeddedClient, frame: Frame, people: Float32) -> None:
    times = StageTimes()
    second_look, seen = opened(client, frame, times)
    before = times.seconds()
    with times.measure("association"):
        look(second_look, seen, expected(people))
    after = times.seconds()
    assert after["second look"] > 10 * after["association"]
    assert {stage: after[stage] for stage in before} == before


def test_there_is_no_second_look_without_the_image(client: EmbeddedClient, frame: Frame) -> None:
    second_look, seen = opened(client, frame)
    assert second_look(replace(seen, picture=None)) is None


@pytest.fixture(scope="module")
def without_finder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClient]:
    folder = tmp_path_factory.mktemp("models")
    for name in ("detector_lite", "hmr_lite"):
        shutil.copytree(REPOSITORY / name / "1", folder / name / "1")
    with_two = EmbeddedClient(folder, threads=1)
    yield with_two
    with_two.close()


def test_the_detector_looks_where_no_finder_is_served(
    without_finder: EmbeddedClient, frame: Frame, people: Float32
) -> None:
    second_look, seen = opened(without_finder, frame, phalp={**BLIND, "second_pass_th": 0.15})
    seen = replace(seen, low_boxes=seen.low_boxes.take(np.zeros(0, np.int64)))
    assert sorted(places(look(second_look, seen, expected(people)))) == [7, 8]


def test_a_finder_that_is_asked_for_must_be_served(without_finder: EmbeddedClient, frame: Frame) -> None:
    with pytest.raises(ModelNotFoundError, match="person_finder"):
        opened(without_finder, frame, second_look={"by": "finder"})
