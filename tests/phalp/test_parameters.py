from typing import Any

import pytest

from tracker_service.errors import SettingsError
from tracker_service.phalp.tracker_parameters import TrackerParameters


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"predict": "XYZ"}, SettingsError),
        ({"predict": ""}, SettingsError),
        ({"distance_type": "EQ_021"}, SettingsError),
        ({"pose_distance": "joints"}, SettingsError),
        ({"compat": "exact"}, SettingsError),
        ({"n_init": 0}, SettingsError),
        ({"track_history": 2}, SettingsError),
        ({"past_lookback": 2}, SettingsError),
        ({"hungarian_th": float("nan")}, SettingsError),
        ({"max_age_track": -1}, SettingsError),
        ({"appearance_scale": 0.0}, SettingsError),
        ({"confidence_decay": 1.0}, SettingsError),
        ({"location_damping": 0.0}, SettingsError),
        ({"least_visible": 1.5}, SettingsError),
    ],
)
def test_unusable_parameters_are_refused_by_name(changes: dict[str, Any], expected: type[Exception]) -> None:
    with pytest.raises(expected, match=next(iter(changes))):
        TrackerParameters(**changes)
