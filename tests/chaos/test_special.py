"""Full disks, changing videos, a jumping clock, and one of two services gone."""

from pathlib import Path

import pytest

from harness.chaos.rounds import Round
from harness.chaos.special import (
    changing_videos,
    clock_jump,
    disk_full,
    one_of_two_services_dies,
)
from harness.postgres import PostgresUnavailableError
from harness.small_disk import NotPossibleHereError
from tests.chaos.conftest import FRAMES


def test_a_full_disk_pauses_and_costs_nothing(embedded: Round, tmp_path: Path) -> None:
    try:
        outcome = disk_full(tmp_path, embedded.video, embedded.calm)
    except NotPossibleHereError as error:
        pytest.skip(str(error))
    assert outcome.good, outcome


def test_a_jump_of_the_clock_changes_nothing(embedded: Round, tmp_path: Path) -> None:
    outcome = clock_jump(tmp_path, embedded.video, embedded.calm, days=30)
    assert outcome.good, outcome


def test_the_other_service_takes_over(embedded: Round, tmp_path: Path) -> None:
    try:
        outcome = one_of_two_services_dies(tmp_path, embedded.video, embedded.calm)
    except PostgresUnavailableError as error:
        pytest.skip(str(error))
    assert outcome.good, outcome


def test_a_changing_video_loses_nothing_that_was_there_all_the_time(tmp_path: Path) -> None:
    outcomes = list(changing_videos(tmp_path, FRAMES))
    assert len(outcomes) == 3
    assert [outcome for outcome in outcomes if not outcome.good] == []
