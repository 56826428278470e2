"""Whom the tracker reports at the end of a source although no track of theirs is confirmed."""

from typing import Any

import pytest

from tests.phalp.people import FRAME_SIZE, Person, nobody, people, walker
from tracker_service.errors import SettingsError
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import People

NEWCOMER = Person(1000, look=5)


def finish(frames: list[People], cut: int = 0, **changes: Any) -> list[tuple[int, int]]:
    """Track the frames and return track and frame of whom the end reports; restore the tracker before frame ``cut``."""
    parameters = TrackerParameters(**changes)
    tracker = Tracker(parameters)
    for time, given in enumerate(frames):
        if cut and time == cut:
            tracker = Tracker.restore(tracker.snapshot(), parameters)
        tracker.update(given, time, FRAME_SIZE)
    return [(person.track_id, person.frame_number) for person in tracker.finish()]


def walk(frames: int, missed: int | None = None, newcomer_from: int = 1000) -> list[People]:
    return [
        people(*([walker(time)] if time != missed else []), *([NEWCOMER] if time >= newcomer_from else []))
        for time in range(frames)
    ]


def test_the_people_of_a_single_frame_are_reported() -> None:
    assert finish([people(walker(0), NEWCOMER)]) == [(1, 0), (2, 0)]


@pytest.mark.parametrize(("frames", "reported"), [(4, [(1, 0), (1, 1), (1, 2), (1, 3)]), (5, [])])
def test_a_source_is_short_when_it_has_fewer_frames_than_confirm_a_track(
    frames: int, reported: list[tuple[int, int]]
) -> None:
    # With five frames the walker is confirmed and has been reported before the end.
    assert finish(walk(frames)) == reported


def test_people_of_the_last_frames_of_a_longer_source_are_reported_only_always() -> None:
    frames = walk(20, newcomer_from=17)
    assert finish(frames, report_tentative="always") == [(2, 17), (2, 18), (2, 19)]
    assert finish(frames) == finish(frames, report_tentative="never") == []


def test_somebody_who_was_missed_in_between_is_not_reported() -> None:
    assert finish(walk(4, missed=2), report_tentative="always") == []
    assert finish([*walk(3), nobody()]) == []


@pytest.mark.parametrize("changes", [{"report_tentative": "never"}, {"compat": "upstream"}, {"live": True}])
def test_never_upstream_and_live_report_nobody_at_the_end(changes: dict[str, Any]) -> None:
    assert finish(walk(3), **changes) == []


@pytest.mark.parametrize("cut", [1, 2])
def test_a_restored_tracker_knows_how_short_the_source_was(cut: int) -> None:
    assert finish(walk(3), cut) == finish(walk(3)) == [(1, 0), (1, 1), (1, 2)]
    assert finish(walk(6, newcomer_from=4), cut + 3) == []


def test_another_rule_is_refused() -> None:
    with pytest.raises(SettingsError, match="report_tentative"):
        TrackerParameters(report_tentative="sometimes")  # type: ignore[arg-type]
