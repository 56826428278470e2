"""Runs whose people are given instead of detected, on the sample clip with the real models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

import tracker_service as ts
from tracker_service.errors import ContractError, SettingsError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.given_boxes import GivenBoxes
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import Detections, Frame, FrameResult, PersonState
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.run import RunOptions, open_run

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 8
ANY_SIZE = {"small_w": 0, "small_h": 0, "small_relative": 0}


@pytest.fixture(scope="module")
def frames() -> tuple[Frame, ...]:
    with open_source(ROOT / "samples" / "snow_promenade.mp4", end=Position(frame=FRAMES)) as source:
        return tuple(source)


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    opened = EmbeddedClient(ROOT / "model_repository", threads=1)
    yield opened
    opened.close()


def run(frames: tuple[Frame, ...], client: EmbeddedClient, boxes: Path | None, **phalp: Any) -> list[FrameResult]:
    settings = load_settings({"video": {"boxes": boxes}, "phalp": ANY_SIZE | phalp, "render": {"enable": False}})
    started = open_run(RunOptions.of(settings), client, frames, 25.0, times=StageTimes())
    return [frame.result for frame in started.frames()]


def written(path: Path, people: list[list[tuple[int, int]]]) -> Path:
    """Write (x, id) of everybody in every frame as boxes of the size of a person."""
    lines = [
        {
            "frame": number,
            "boxes": [[x, 100, x + 60, 260] for x, _ in frame],
            "ids": [identity for _, identity in frame],
        }
        for number, frame in enumerate(people)
    ]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return path


def test_given_people_are_tracked_with_their_boxes_and_the_identities_of_the_truth(
    frames: tuple[Frame, ...], client: EmbeddedClient
) -> None:
    truth = GivenBoxes.load(ROOT / "samples" / "gt.txt")
    results = run(frames, client, ROOT / "samples" / "gt.txt", use_gt=True)
    track_of: dict[int, int] = {}
    for result in results:
        given = truth.in_frame(result.frame_number)
        assert given.identities is not None
        seen = [person for person in result.persons if person.state is PersonState.SEEN]
        assert len(seen) == len(given) > 0
        for person in seen:
            np.testing.assert_array_equal(person.box, given.boxes[person.detection_index])
            identity = int(given.identities[person.detection_index])
            assert track_of.setdefault(identity, person.track_id) == person.track_id
    assert len(set(track_of.values())) == len(track_of)


@pytest.mark.parametrize("compat", ["paper", "upstream"])
def test_identities_win_over_positions_where_two_people_jump_to_each_others_place(
    frames: tuple[Frame, ...], client: EmbeddedClient, tmp_path: Path, compat: str
) -> None:
    places = [[(80, 5), (400, 9)] if number < 5 else [(400, 5), (80, 9)] for number in range(FRAMES)]
    results = run(frames, client, written(tmp_path / "boxes.ndjson", places), use_gt=True, compat=compat, n_init=2)
    lefts = [{person.track_id: round(float(person.box[0])) for person in result.persons} for result in results]
    assert lefts == [{1: 80, 2: 400}] * 5 + [{1: 400, 2: 80}] * 3


@pytest.mark.parametrize("compat", ["paper", "upstream"])
def test_an_annotated_person_is_there_once_in_every_frame_from_the_first_on(
    frames: tuple[Frame, ...], client: EmbeddedClient, tmp_path: Path, compat: str
) -> None:
    boxes = written(tmp_path / "boxes.ndjson", [[(80, 5), (400, 9)]] * FRAMES)
    lines = [orjson.loads(line) | {"annotated": [True, False]} for line in boxes.read_bytes().splitlines()]
    boxes.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    results = run(frames, client, boxes, compat=compat)
    assert [[person.track_id for person in result.persons] for result in results] == [[1, 2]] * FRAMES


def test_frame_of_which_the_file_holds_nothing_has_no_detections(
    frames: tuple[Frame, ...], client: EmbeddedClient, tmp_path: Path
) -> None:
    people: list[list[tuple[int, int]]] = [[(80, -1)]] * 4 + [[]] * 2
    results = run(frames, client, written(tmp_path / "boxes.ndjson", people), n_init=2)
    states = ["".join(person.state.value[0] for person in result.persons) for result in results]
    assert states[:6] == ["s"] * 4 + ["p"] * 2
    assert set(states[6:]) <= {"p", "l"}  # lost where the boxes say little of where the person goes


def test_library_takes_given_boxes_by_keyword() -> None:
    truth = GivenBoxes.load(ROOT / "samples" / "gt.txt")
    sample, boxes = ROOT / "samples" / "snow_promenade.mp4", ROOT / "samples" / "gt.txt"
    with ts.track(sample, boxes=boxes, use_gt=True, end_frame=3, n_init=1, phalp=ANY_SIZE) as frames:
        found = [len(frame.persons) for frame in frames]
    assert found == [len(truth.in_frame(number)) for number in range(3)]


def test_live_tracker_matches_the_identities_of_ones_own_detections(frames: tuple[Frame, ...]) -> None:
    with ts.open_tracker(use_gt=True, phalp=ANY_SIZE | {"presence_th": 0}) as tracker:
        lefts = []
        for frame, places in zip(frames, [(80, 400), (400, 80)], strict=False):
            boxes = np.array([[x, 100, x + 60, 260] for x in places], np.float32)
            given = Detections(boxes, np.ones(2, np.float32), identities=np.array([5, 9]))
            people = tracker.update(frame.image, given).persons
            lefts.append({person.track_id: round(float(person.box[0])) for person in people})
        assert lefts == [{1: 80, 2: 400}, {1: 400, 2: 80}]
        with pytest.raises(ContractError, match="detections: expected identities, because use_gt is true, got none"):
            tracker.update(frames[2].image)


def test_identities_are_expected_where_they_are_to_be_matched(
    frames: tuple[Frame, ...], client: EmbeddedClient, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"phalp.use_gt: expected identities in video.boxes .*, got no boxes"):
        run(frames, client, None, use_gt=True)
    boxes = written(tmp_path / "boxes.ndjson", [[(80, -1)]])
    with pytest.raises(SettingsError, match=r"phalp.use_gt: expected identities .*, got none in .*boxes.ndjson"):
        run(frames, client, boxes, use_gt=True)
