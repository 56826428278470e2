"""Settings under other names: upstream's, and those that a job of an earlier version has in its folder."""

from typing import Any

import pytest

from tracker_service.settings import load_settings
from tracker_service.settings.other_names import OTHER_NAMES, with_present_names
from tracker_service.settings.overrides import parse_overrides, setting_keys

# What version 1 wrote into `job.json`, as it stood there but for values that have not changed their place.
VERSION_1: dict[str, Any] = {
    "model_set": "lite",
    "detect_shots": False,
    "use_gt": False,
    "phalp": {"predict": None, "low_th_c": None, "n_init": 3, "track_history": None, "start_frame": 4, "end_frame": -1},
    "render": {"enable": True, "type": "HUMAN_MESH_SKELETON_BBOX_GHOST", "fps": None},
    "refinement": {"enable": False, "longest_gap": None, "smoothing_seconds": 0.1},
    "inference": {"kind": "embedded", "threads": 1, "workers": 5, "decoder_threads": 2},
    "pipeline": {"window": 4, "in_flight": 3},
}


def test_the_settings_of_a_job_of_an_earlier_version_mean_what_they_meant() -> None:
    settings = load_settings(VERSION_1)
    assert (settings.pipeline.workers, settings.video.decoder_threads, settings.video.start_frame) == (5, 2, 4)
    assert (settings.phalp.n_init, settings.phalp.low_th_c, settings.phalp.use_gt) == (3, 0.3, False)


@pytest.mark.parametrize("other", OTHER_NAMES)
def test_every_other_name_stands_for_a_setting_that_exists(other: str) -> None:
    assert OTHER_NAMES[other] in setting_keys()
    assert other not in setting_keys()


def test_the_present_name_wins_where_both_are_given() -> None:
    tree = parse_overrides(["video.start_frame=7", "phalp.start_frame=4"])
    assert with_present_names(tree) == {"video": {"start_frame": "7"}, "phalp": {}}
    assert load_settings(tree).video.start_frame == 7
