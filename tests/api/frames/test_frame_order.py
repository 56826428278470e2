"""Frames of one video in whatever order they arrive, with and without detections: each is answered, with a pose.

As four workers send them 140 frames, which is what the clients' videos have; a third where it is the order or the
missed detections that matter, and a quarter of the real runner. `tests/sessions/test_clip.py` has 140 of each order.

"From the first sighting on" is meant in the order in which answers were given: a frame that is answered before anybody
was seen in the video cannot have a pose. Identities are compared with the sample's ground truth.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.running_service import ROOT, RunningService
from tests.api import pictures

FRAMES = 140
THIRD, QUARTER = FRAMES // 3, FRAMES // 4
RUNNER = ROOT.parent / "shared" / "data" / "runner.mp4"
SUPPRESSED = "0.36"
"""The share of frames in which the clients' old service found nobody."""


def clip(video: Path, frames: int) -> tuple[bytes, ...]:
    return tuple(pictures.jpeg_of(image) for image in islice(pictures.decoded(video), frames))


@pytest.fixture(scope="module")
def frames() -> tuple[bytes, ...]:
    return clip(pictures.SAMPLE, FRAMES)


@pytest.fixture(scope="module")
def suppressed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service whose detector finds nobody in 36 % of the frames, and which does not look there a second time."""
    folder = tmp_path_factory.mktemp("suppressed")
    with RunningService(
        folder,
        "second_look.enable=false",
        command=("-m", "tests.api.faulty_service"),
        environment={"FAULT_SUPPRESS": SUPPRESSED},
        forked=True,
    ) as running:
        yield running


def post(service: RunningService, frames: Sequence[bytes], numbers: Sequence[int], session: str) -> list[Any]:
    """Post frames one after another over one connection, as one worker of the backend does."""
    answers = []
    with service.client() as client:
        for number in numbers:
            body = {"image_base64": pictures.base64_of(frames[number]), "frame_number": number, "visualize": False}
            headers = {"X-Session-Id": session} if session else {}
            answer = client.post("/pose/hybrid", json=body, params={"mesh": "false"}, headers=headers)
            assert answer.status_code == 200, answer.text
            answers.append(answer.json())
    return answers


def in_order(service: RunningService, frames: Sequence[bytes], session: str) -> list[Any]:
    return post(service, frames, range(len(frames)), session)


def reversed_order(service: RunningService, frames: Sequence[bytes], session: str) -> list[Any]:
    return post(service, frames, range(len(frames) - 1, -1, -1), session)


def by_four_workers(service: RunningService, frames: Sequence[bytes], session: str) -> list[Any]:
    """Each worker takes the next frame from the queue, as the backend's process pool does."""
    queue, lock, answers = iter(range(len(frames))), threading.Lock(), []

    def work() -> None:
        while True:
            with lock:
                number = next(queue, None)
            if number is None:
                return
            answers.extend(post(service, frames, [number], session))

    with ThreadPoolExecutor(4) as pool:
        for worker in [pool.submit(work) for _ in range(4)]:
            worker.result()
    return answers


def interleaved(service: RunningService, frames: Sequence[bytes], session: str) -> list[Any]:
    """Each worker has every fourth frame and posts them at its own pace."""
    shares = [range(start, len(frames), 4) for start in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(post, service, frames, share, session) for share in shares]
        return [answer for share in done for answer in share.result()]


Order = Callable[[RunningService, Sequence[bytes], str], list[Any]]


def check(answers: list[Any], frames: int) -> dict[int, Any]:
    """All frames are answered, each once, each with a pose from the first sighting on."""
    by_number = {answer["frame_number"]: answer for answer in answers}
    assert len(answers) == frames
    assert sorted(by_number) == list(range(frames))
    assert not any(answer["session"]["expected"] for answer in answers if not answer["has_3d"])
    seen = [answer["frame_number"] for answer in answers if answer["detection"]["num_persons_detected"] > 0]
    before_any_answer_with_people = answers[: [answer["frame_number"] for answer in answers].index(seen[0])]
    for answer in answers:
        assert answer["has_3d"] or answer["frame_number"] < min(seen) or answer in before_any_answer_with_people
    for answer in answers:
        assert answer["has_3d"] is (answer["error"] is None)
        if answer["has_3d"]:
            assert answer["keypoint_count"] == 56
            assert (answer["tracking_confidence"] == 1.0) is (answer["state"] == "seen")
    return by_number


def true_boxes() -> dict[int, dict[int, tuple[float, ...]]]:
    """The people of the sample: x, y, width and height by frame and identity."""
    boxes: dict[int, dict[int, tuple[float, ...]]] = {}
    for line in (ROOT / "samples" / "gt.txt").read_text().splitlines():
        frame, identity, *box = line.split(",")[:6]
        boxes.setdefault(int(frame) - 1, {})[int(identity)] = tuple(map(float, box))
    return boxes


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes x, y, width, height."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    common = max(width, 0) * max(height, 0)
    return common / (first[2] * first[3] + second[2] * second[3] - common)


def purity(by_number: dict[int, Any]) -> float:
    """Return the part of the sightings in which a real person has the track id that it has most often."""
    truth, names = true_boxes(), defaultdict[int, Counter[int]](Counter)
    for number, answer in by_number.items():
        for person in answer["persons"]:
            if person["state"] == "seen":
                boxes = truth[number]
                nearest = max(boxes, key=lambda identity: overlap(boxes[identity], person["bbox"]))
                if overlap(boxes[nearest], person["bbox"]) > 0.5:
                    names[nearest][person["track_id"]] += 1
    return sum(max(counts.values()) for counts in names.values()) / sum(counts.total() for counts in names.values())


@pytest.mark.parametrize(
    ("order", "least_purity"),
    [(by_four_workers, 0.98), (reversed_order, 0.65)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_frame_is_answered_with_a_pose(
    service: RunningService, frames: Sequence[bytes], order: Order, least_purity: float
) -> None:
    sent = frames[:THIRD] if order is reversed_order else frames
    by_number = check(order(service, sent, f"order-{order.__name__}"), len(sent))
    assert all(answer["has_3d"] for answer in by_number.values())
    assert purity(by_number) >= least_purity


@pytest.fixture(scope="module")
def suppressed_in_order(suppressed: RunningService, frames: Sequence[bytes]) -> dict[int, Any]:
    return check(in_order(suppressed, frames[:THIRD], "order"), THIRD)


def test_every_frame_is_answered_with_a_pose_although_a_third_of_the_detections_is_missing(
    suppressed_in_order: dict[int, Any],
) -> None:
    answers = suppressed_in_order.values()
    unseen = [answer for answer in answers if answer["detection"]["num_persons_detected"] == 0]
    assert 0.25 * THIRD < len(unseen) < 0.5 * THIRD
    predicted = [answer for answer in unseen if answer["state"] == "predicted"]
    assert len(predicted) == len([answer for answer in unseen if answer["has_3d"]]) >= 0.9 * len(unseen)
    assert all(0 < answer["tracking_confidence"] < 1 for answer in predicted)
    assert purity(suppressed_in_order) >= 0.98


def test_interleaved_frames_get_the_answers_that_they_get_in_order(
    suppressed: RunningService, frames: Sequence[bytes], suppressed_in_order: dict[int, Any]
) -> None:
    by_number = check(interleaved(suppressed, frames[:THIRD], "interleaved"), THIRD)
    for number, answer in by_number.items():
        expected = suppressed_in_order[number]
        for name in ("track_id", "state", "tracking_confidence", "has_3d", "error"):
            assert answer[name] == expected[name], (number, name)
        assert [person["track_id"] for person in answer["persons"]] == [
            person["track_id"] for person in expected["persons"]
        ]
        # Batches of another size round differently.
        points, others = ([(point["x"], point["y"]) for point in one["keypoints"]] for one in (answer, expected))
        np.testing.assert_allclose(points, others, atol=0.5)


def test_reversed_frames_with_missing_detections_are_all_answered_with_a_pose(
    suppressed: RunningService, frames: Sequence[bytes]
) -> None:
    assert purity(check(reversed_order(suppressed, frames[:THIRD], "reversed"), THIRD)) >= 0.65


def test_a_new_video_from_the_same_address_starts_again_at_frame_0(
    service: RunningService, frames: Sequence[bytes]
) -> None:
    first = post(service, frames, range(3), "")
    second = post(service, frames[20:], range(3), "")
    assert [answer["session"]["id"] for answer in first + second] == ["127.0.0.1"] * 6
    videos = [answer["session"]["video"] for answer in first + second]
    assert videos[:3] == [videos[0]] * 3
    assert videos[3:] == [videos[0] + 1] * 3


def test_the_metrics_say_how_many_frames_were_covered(suppressed: RunningService) -> None:
    expected = suppressed.metric("phalp_frames_expected_total", source="session")
    assert suppressed.metric("phalp_frames_covered_total", source="session") == expected > 0
    assert suppressed.metric("phalp_persons_total", state="predicted") > 0


@pytest.mark.footage
@pytest.mark.skipif(not RUNNER.exists(), reason="needs the real footage beside the project")
@pytest.mark.parametrize("order", [in_order, interleaved], ids=lambda order: order.__name__)
def test_every_frame_of_a_real_runner_is_answered_with_a_pose(suppressed: RunningService, order: Order) -> None:
    frames = clip(RUNNER, QUARTER)
    check(order(suppressed, frames, f"runner-{order.__name__}"), len(frames))
