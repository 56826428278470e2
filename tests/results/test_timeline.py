import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.results.frames import frame_result, tracked_person
from tracker_service.results.ndjson import NdjsonWriter, read_results
from tracker_service.results.statistics.timeline import MOST_BINS, Evidence, Timeline
from tracker_service.types import FoundBy, PersonState, TrackedPerson
from tracker_service.types.quality import PoseQuality, QualityReason, Usability


def judged(usability: Usability, *reasons: QualityReason) -> PoseQuality:
    return PoseQuality(usability, reasons, None, np.ones(45, np.float32))


DOUBTFUL, UNUSABLE = judged(Usability.DOUBTFUL, QualityReason.SMALL), judged(Usability.UNUSABLE, QualityReason.DARK)


def timeline_of(frames: int, *, shots: tuple[int, ...] = ()) -> Timeline:
    """Person 1 is in all frames, person 2 in the second half."""
    timeline, first, second = Timeline(), tracked_person(1), tracked_person(2, age=1)
    for number in range(frames):
        people = (first, second) if number >= frames // 2 else (first,)
        timeline.add(frame_result(number, *people, shot=number in shots))
    return timeline


@pytest.mark.parametrize(
    ("person", "evidence"),
    [
        (tracked_person(), Evidence.SEEN),
        (tracked_person(quality=judged(Usability.USABLE)), Evidence.SEEN),
        (tracked_person(found_by=FoundBy.LOW_SCORE), Evidence.SEEN),
        (tracked_person(found_by=FoundBy.SECOND_LOOK), Evidence.SECOND_LOOK),
        (tracked_person(quality=DOUBTFUL), Evidence.DOUBTFUL),
        (tracked_person(found_by=FoundBy.SECOND_LOOK, quality=UNUSABLE), Evidence.DOUBTFUL),
        (tracked_person(age=1), Evidence.PREDICTED),
        (tracked_person(age=1, found_by=FoundBy.SECOND_LOOK, quality=UNUSABLE), Evidence.PREDICTED),
        (tracked_person(age=3, state=PersonState.LOST), Evidence.LOST),
    ],
)
def test_what_a_person_of_a_frame_is_based_on(person: TrackedPerson, evidence: Evidence) -> None:
    assert Evidence.of(person) is evidence


def test_each_frame_has_its_bin_while_there_are_few() -> None:
    timeline = timeline_of(4)

    assert (timeline.frames, timeline.frames_per_bin, timeline.times) == (4, 1, (0.0, 0.04, 0.08, 0.12))
    assert [(part.index, part.counts) for part in timeline.bins(2)] == [(2, (0, 0, 0, 1, 0)), (3, (0, 0, 0, 1, 0))]


@pytest.mark.parametrize("frames", [MOST_BINS, MOST_BINS + 1, 5 * MOST_BINS + 3])
def test_bins_stay_few_and_lose_no_frame(frames: int) -> None:
    timeline = timeline_of(frames, shots=(frames - 1,))
    bins = list(timeline.bins(1))

    assert len(timeline.times) == bins[-1].index + 1 <= MOST_BINS
    assert [part.counts[Evidence.SEEN] for part in bins] == [timeline.frames_in(part.index) for part in bins]
    assert timeline.total(2, Evidence.PREDICTED) == frames - frames // 2
    assert timeline.shots == (bins[-1].index,)
    assert timeline.times == tuple(part.index * timeline.frames_per_bin / 25 for part in bins)


def test_counting_goes_on_where_its_state_was_taken() -> None:
    whole, part = timeline_of(600, shots=(0, 450)), timeline_of(0)
    for number in range(600):
        people = [tracked_person(1)] + [tracked_person(2, age=1)] * (number >= 300)
        part.add(frame_result(number, *people, shot=number in (0, 450)))
        if number in (100, 300, 511):
            part = Timeline.restore(json.loads(json.dumps(part.state())))

    assert part.state() == whole.state()


def test_frames_that_are_left_out_leave_a_gap() -> None:
    timeline = Timeline()
    for number in (10, 11, 15):
        timeline.add(frame_result(number, tracked_person(1)))

    assert [part.index for part in timeline.bins(1)] == [0, 1, 5]
    assert len(timeline.times) == 6


def test_a_state_without_a_timeline_begins_with_the_next_frame() -> None:
    timeline = Timeline.restore(None)
    timeline.add(frame_result(480, tracked_person(1)))

    assert (timeline.first_frame, timeline.frames) == (480, 1)


def test_frames_that_were_read_back_count_as_those_that_were_written(tmp_path: Path) -> None:
    written, read = Timeline(), Timeline()
    lines = NdjsonWriter(tmp_path / "results.ndjson")
    for number, changes in enumerate[dict[str, Any]](({"quality": DOUBTFUL}, {"age": 1}, {})):
        again = tracked_person(2, number, found_by=FoundBy.SECOND_LOOK)
        frame = frame_result(number, tracked_person(1, number, **changes), again)
        written.add(frame)
        lines.write(frame)
    lines.close(complete=True)
    for record in read_results(tmp_path / "results.ndjson"):
        read.add(record)

    assert read.state() == written.state()
