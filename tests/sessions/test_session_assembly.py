"""Sessions as the service opens them: settings, real models, images."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any

import numpy as np
import pytest

from harness.coroutines import result_of
from tests.body.conftest import PROJECT
from tests.sessions.filtered_detector import FilteredDetector
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.sessions.frame import FrameAnswer, FrameRequest
from tracker_service.settings import load_settings
from tracker_service.types import FoundBy, PersonState, UInt8
from tracker_service.video.source import open_source
from tracker_service.wiring.models import load_body, models_of, open_client
from tracker_service.wiring.sessions import open_sessions

FRAMES = 16


@pytest.fixture(scope="module")
def images() -> dict[int, UInt8]:
    with open_source(str(PROJECT / "samples" / "snow_promenade.mp4")) as video:
        return {frame.number: frame.image for frame in islice(video, FRAMES)}


@pytest.fixture(scope="module")
def client() -> Iterator[InferenceClient]:
    with closing(open_client(load_settings())) as opened:
        yield opened


def answers(
    client: InferenceClient, images: Mapping[int, UInt8], workers: int = 4, **options: Any
) -> tuple[dict[int, FrameAnswer], list[int]]:
    """Return the answers to all images, posted by some workers, and the sizes of the batches."""
    settings, batches = load_settings(options.pop("settings", None)), list[int]()

    async def main() -> dict[int, FrameAnswer]:
        sessions = open_sessions(settings, client, load_body(settings), on_batch=batches.append, **options)
        given: dict[int, FrameAnswer] = {}

        async def worker(numbers: list[int]) -> None:
            for number in numbers:
                image = images[number]
                request = FrameRequest("client", number, (image.shape[1], image.shape[0]), b"%d" % number)
                given[number] = await sessions.answer(request, image)

        await asyncio.gather(*(worker(sorted(images)[first::workers]) for first in range(workers)))
        await sessions.close(5)
        return given

    return result_of(main()), batches


def test_frames_of_four_workers_whose_detections_are_suppressed_have_poses(
    client: InferenceClient, images: dict[int, UInt8]
) -> None:
    gone = {3, 4, 7, 10, 11, 12}
    filtered = FilteredDetector(
        client,
        models_of(load_settings()).detector,
        images,
        lambda number, boxes: np.full(len(boxes), number not in gone),
    )
    times = StageTimes()
    given, batches = answers(filtered, images, times=times, settings={"second_look": {"enable": False}})
    mains = [main for number in range(FRAMES) if (main := given[number].main) is not None]
    assert len(mains) == FRAMES
    assert {mains[number].state for number in gone} == {PersonState.PREDICTED}
    assert [given[number].detected == 0 for number in range(FRAMES)] == [number in gone for number in range(FRAMES)]
    assert {main.track_id for main in mains} == {1}
    assert sum(batches) == FRAMES
    assert {"detection", "bodies", "association"} <= set(times.seconds())


def test_a_person_whom_the_detector_misses_in_a_live_frame_is_looked_for_again(
    client: InferenceClient, images: dict[int, UInt8]
) -> None:
    gone = {7, 8}
    detector = models_of(load_settings()).detector
    filtered = FilteredDetector(client, detector, images, lambda number, boxes: np.full(len(boxes), number not in gone))
    few, times = {number: images[number] for number in range(9)}, StageTimes()
    given, _ = answers(filtered, few, times=times)
    mains = [given[number].main for number in few]
    assert [main is not None and main.found_by for main in mains] == [FoundBy.DETECTION] * 7 + [FoundBy.SECOND_LOOK] * 2
    assert {main.state for main in mains if main is not None} == {PersonState.SEEN}
    assert times.seconds()["second look"] > 0
    in_order = [answer for answer in given.values() if not answer.late]
    assert in_order[-1].result.timestamp == in_order[-1].result.frame_number / 30
    assert all(person.world is not None for answer in in_order for person in answer.result.persons)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 700), (3000, 2), (64, 48)])
def test_an_image_of_any_size_has_an_answer(client: InferenceClient, width: int, height: int) -> None:
    given, _ = answers(client, {0: np.full((height, width, 3), 128, np.uint8)})
    assert (given[0].result.width, given[0].result.height) == (width, height)


def test_frames_of_one_session_may_differ_in_size(client: InferenceClient, images: dict[int, UInt8]) -> None:
    mixed = {number: images[number] if number % 2 else images[number][::2, ::2] for number in range(4)}
    given, _ = answers(client, mixed)
    assert [given[number].result.width for number in range(4)] == [640, 1280, 640, 1280]
    assert {given[number].main is not None for number in range(4)} == {True}


def test_sessions_follow_the_paper_even_where_videos_follow_upstream(
    client: InferenceClient, images: dict[int, UInt8]
) -> None:
    given, _ = answers(client, {0: images[0]}, settings={"phalp": {"compat": "upstream"}})
    assert given[0].main is not None


def test_settings_bound_the_batches(client: InferenceClient, images: dict[int, UInt8]) -> None:
    few = {number: images[number] for number in range(6)}
    _, batches = answers(client, few, workers=6, settings={"pipeline": {"window": 2}})
    assert max(batches) <= 2


def test_a_missing_model_is_an_error(client: InferenceClient) -> None:
    settings = load_settings({"model_set": "full"})
    with pytest.raises(ModelNotFoundError):
        open_sessions(settings, client, load_body(load_settings()))
