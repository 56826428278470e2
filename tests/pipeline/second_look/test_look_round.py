"""Looking round in frames of the sample clip, with the real models."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.second_look.looks import opened
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.people.boxes import overlaps
from tracker_service.types import ArrayPicture, Float32, Frame, People
from tracker_service.video.source import Position, open_source

ROOT = Path(__file__).resolve().parents[3]
NOBODY = np.zeros((0, 4), np.float32)
LEFT = np.array([[64, 268, 143, 538]], np.float32)
"""Where somebody is in the first frame."""


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    opened_client = EmbeddedClient(ROOT / "model_repository", threads=1)
    yield opened_client
    opened_client.close()


@pytest.fixture(scope="module")
def frame() -> Frame:
    with open_source(ROOT / "samples" / "snow_promenade.mp4", end=Position(frame=1)) as source:
        return next(iter(source))


def upside_down(frame: Frame) -> Frame:
    return replace(frame, picture=ArrayPicture(np.ascontiguousarray(frame.image[::-1])))


def looked_round(
    client: EmbeddedClient, frame: Frame, doubtful: Float32, taken: Float32, **changes: Any
) -> People | None:
    second_look, seen = opened(client, frame, **changes)
    look = second_look.look_round(seen)
    return None if look is None else look(doubtful, taken)


def test_people_are_found_where_nobody_was_seen(client: EmbeddedClient, frame: Frame) -> None:
    found = looked_round(client, frame, NOBODY, NOBODY)
    assert found is not None
    assert overlaps(found.detections.boxes, LEFT).max() > 0.6
    assert (found.presence >= 0.7).all()


def test_a_doubtful_box_is_looked_at_beside_people_who_were_seen(client: EmbeddedClient, frame: Frame) -> None:
    somebody = np.array([[760, 255, 820, 510]], np.float32)
    found = looked_round(client, frame, LEFT + 6, somebody)
    assert found is not None
    assert overlaps(found.detections.boxes, LEFT).max() > 0.6
    assert overlaps(found.detections.boxes, somebody).max() < 0.5


def test_where_all_boxes_are_people_who_were_seen_nothing_is_looked_at(client: EmbeddedClient, frame: Frame) -> None:
    assert looked_round(client, frame, LEFT + 3, LEFT) is None


def test_small_doubtful_boxes_beside_people_who_were_seen_are_left_alone(client: EmbeddedClient, frame: Frame) -> None:
    assert looked_round(client, frame, np.array([[500, 100, 530, 160]], np.float32), LEFT) is None


def test_nobody_is_found_in_an_empty_picture(client: EmbeddedClient, frame: Frame) -> None:
    empty = replace(frame, picture=ArrayPicture(np.full_like(frame.image, 200)))
    found = looked_round(client, empty, LEFT, NOBODY)
    assert found is not None
    assert len(found) == 0


def test_it_can_be_switched_off_and_needs_the_finder(client: EmbeddedClient, frame: Frame) -> None:
    assert looked_round(client, frame, NOBODY, NOBODY, second_look={"newcomers": False}) is None
    assert looked_round(client, frame, NOBODY, NOBODY, second_look={"by": "detector"}) is None
