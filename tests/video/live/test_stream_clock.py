"""A stream's timestamps on our own clock."""

import pytest

from tracker_service.video.live.stream_clock import StreamClock


def times(frames: list[tuple[float | None, float]]) -> tuple[list[float], list[float]]:
    """Times of frames with a timestamp and an arrival, and the jumps that were noticed."""
    jumps: list[float] = []
    clock = StreamClock(jumps.append)
    return [clock.time_of(stamp, arrival) for stamp, arrival in frames], jumps


def test_uneven_arrivals_of_even_frames_get_even_times() -> None:
    found, jumps = times([(10.0, 100.0), (10.1, 100.4), (10.2, 100.4), (10.3, 100.45)])
    assert found == pytest.approx([100.0, 100.1, 100.2, 100.3])
    assert jumps == []


def test_no_frame_is_taken_after_it_arrives() -> None:
    found, jumps = times([(0.0, 100.5), (0.5, 100.6), (1.0, 101.2)])
    assert found == pytest.approx([100.5, 100.6, 101.1])
    assert jumps == []


def test_a_frame_without_a_timestamp_is_taken_when_it_arrives() -> None:
    assert times([(None, 5.0), (None, 5.25)])[0] == [5.0, 5.25]


@pytest.mark.parametrize(("stamp", "jump"), [(3600.1, 3599.8), (-7.0, -7.3)])
def test_a_clock_that_jumps_is_noticed_and_time_goes_on(stamp: float, jump: float) -> None:
    found, jumps = times([(0.0, 100.0), (0.1, 100.1), (stamp, 100.3), (stamp + 0.1, 100.4)])
    assert found == pytest.approx([100.0, 100.1, 100.3, 100.4])
    assert jumps == pytest.approx([jump])


def test_a_pause_of_stream_and_arrivals_together_is_no_jump() -> None:
    found, jumps = times([(0.0, 100.0), (60.0, 160.0)])
    assert found == pytest.approx([100.0, 160.0])
    assert jumps == []


def test_a_camera_whose_clock_is_slow_is_followed() -> None:
    # A hundredth slower than ours: after ten minutes it would be six seconds behind.
    found, jumps = times([(0.99 * second, 100.0 + second) for second in range(600)])
    delays = [100.0 + second - taken for second, taken in enumerate(found)]
    assert max(delays) < 1.0
    assert jumps == []
