import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_service.errors import SettingsError, VideoRangeError
from tracker_service.video.position import Position, Selection, parse_position


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", Position(frame=0)),
        ("120", Position(frame=120)),
        (" 7 ", Position(frame=7)),
        ("4.5s", Position(seconds=4.5)),
        ("4s", Position(seconds=4.0)),
        (".5s", Position(seconds=0.5)),
        ("1:02", Position(seconds=62.0)),
        ("00:01:02.5", Position(seconds=62.5)),
        ("01:00:00", Position(seconds=3600.0)),
        ("90:00", Position(seconds=5400.0)),
    ],
)
def test_position_is_read_from_text(text: str, expected: Position) -> None:
    assert parse_position(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-1", "-2s", "4.5", "1e3", "1:2:3:4", "00:61:00", "1:60", "s", "12 s", "nan", "infs", "٣", "1,5s"]
)
def test_text_that_is_no_position_is_refused_with_the_forms_and_the_text(text: str) -> None:
    with pytest.raises(SettingsError, match="frame number") as caught:
        parse_position(text)
    assert f'"{text}"' in str(caught.value)
    assert "\n" not in str(caught.value)


@given(frame=st.integers(0, 10**9))
def test_every_frame_number_is_read_back(frame: int) -> None:
    assert parse_position(str(frame)) == Position(frame=frame)


@pytest.mark.parametrize(
    ("frame", "seconds"), [(None, None), (1, 1.0), (-1, None), (None, -0.5), (None, float("nan")), (None, float("inf"))]
)
def test_position_needs_exactly_one_value_that_is_not_negative(frame: int | None, seconds: float | None) -> None:
    with pytest.raises(SettingsError, match="position"):
        Position(frame=frame, seconds=seconds)


@pytest.mark.parametrize(
    ("start", "end"),
    [("10", "10"), ("10", "9"), ("2s", "2s"), ("2s", "1.5s"), ("0", "0"), ("0s", "0s")],
)
def test_selection_that_is_empty_for_every_video_is_refused(start: str, end: str) -> None:
    with pytest.raises(VideoRangeError):
        Selection.between(parse_position(start), parse_position(end))


def test_time_that_matroska_rounded_down_still_counts_as_reached() -> None:
    assert Position(seconds=0.0333333).reached(1, 0.033)
    assert not Position(seconds=0.0333333).reached(0, 0.0)


@pytest.mark.parametrize(
    ("start", "end", "total", "expected"),
    [
        (None, None, None, None),
        (None, None, 100, 100),
        ("20", None, 100, 80),
        ("20", "30", 100, 10),
        ("1s", "2s", 100, 25),
        (None, "300", 100, 100),
        (None, "50", None, 50),
        ("200", None, 100, 0),
    ],
)
def test_selection_estimates_its_frames(
    start: str | None, end: str | None, total: int | None, expected: int | None
) -> None:
    selection = Selection.between(parse_position(start) if start else None, parse_position(end) if end else None)
    assert selection.estimate(total, 25.0) == expected
