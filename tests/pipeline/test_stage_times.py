from time import sleep

import pytest

from tracker_service.pipeline.stage_times import StageTimes, busy_shares


def test_shares_count_the_threads_of_a_part() -> None:
    seconds = {
        "decoding": 2.0,
        "detection": 9.0,
        "crops": 1.0,
        "bodies": 5.0,
        "features": 3.0,
        "association": 1.0,
        "results": 0.5,
    }

    assert busy_shares(seconds, 10.0, workers=2) == pytest.approx(
        {"reading": 0.2, "perception": 0.9, "association and writing": 0.15}
    )


@pytest.mark.parametrize(("seconds", "elapsed"), [({}, 1.0), ({"decoding": 0.0}, 1.0), ({"decoding": 1.0}, 0.0)])
def test_nothing_measured_has_no_shares(seconds: dict[str, float], elapsed: float) -> None:
    assert busy_shares(seconds, elapsed, workers=1) == {}


def test_what_is_measured_within_another_stage_counts_once() -> None:
    times = StageTimes()
    with times.measure("association"):
        with times.measure("second look"):
            sleep(0.05)
        with times.measure("second look"):
            sleep(0.05)
    seconds = times.seconds()
    assert seconds["second look"] >= 0.1
    assert seconds["association"] < 0.05


def test_time_of_a_failing_stage_counts() -> None:
    times = StageTimes()
    with pytest.raises(ValueError, match="broken"), times.measure("crops"):
        raise ValueError("broken")

    assert times.seconds()["crops"] > 0
