from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from tests.video.clips import read_index, write_clip
from tracker_service.video.clock import PresentationClock
from tracker_service.video.source import open_source, parse_position

TICK = Fraction(1, 1000)
UNEVEN = [0, 40, 45, 200, 233, 1500, 1501, 1600, 2000, 2100, 2101, 2900]


def frame_at(pts: int | None, dts: int | None = None) -> VideoFrame:
    frame = VideoFrame(16, 16, "gray")
    frame.pts, frame.dts = pts, dts
    return frame


def times(pts: list[int | None], fps: float = 25.0) -> list[float]:
    clock = PresentationClock(fps, TICK)
    return [clock.time_of(frame_at(ticks)) for ticks in pts]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
@pytest.mark.parametrize("b_frames", ["0", "3"])
def test_variable_frame_rate_keeps_the_true_times(tmp_path: Path, suffix: str, b_frames: str) -> None:
    path = write_clip(
        tmp_path / f"uneven.{suffix}", len(UNEVEN), ticks=UNEVEN, ticks_per_second=1000, options={"bf": b_frames}
    )
    with open_source(path) as source:
        frames = list(source)
    assert [read_index(frame.image) for frame in frames] == list(range(len(UNEVEN)))
    np.testing.assert_allclose([frame.timestamp for frame in frames], np.array(UNEVEN) / 1000, atol=1e-4)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("1.5s", None, range(5, 12)),
        ("1.4s", "1.6s", range(5, 7)),
        ("0.041s", "2s", range(2, 8)),
        ("3", "2s", range(3, 8)),
    ],
)
def test_range_in_seconds_follows_variable_times(tmp_path: Path, start: str, end: str | None, expected: range) -> None:
    path = write_clip(tmp_path / "uneven.mp4", len(UNEVEN), ticks=UNEVEN, ticks_per_second=1000)
    with open_source(path, start=parse_position(start), end=parse_position(end) if end else None) as source:
        assert [(frame.number, read_index(frame.image)) for frame in source] == [(n, n) for n in expected]


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_recording_that_states_no_rate_is_measured(tmp_path: Path, codec: str) -> None:
    # What a web browser records: Matroska without the element for the duration of a frame (0x23E383).
    ticks = np.cumsum(np.random.default_rng(0).integers(25, 60, 60)).tolist()
    path = write_clip(
        tmp_path / "browser.mkv", 60, codec=codec, ticks=ticks, ticks_per_second=1000, container_options={"live": "1"}
    )
    data = bytearray(path.read_bytes())
    place = data.index(b"\x23\xe3\x83")
    length = data[place + 3] & 0x7F
    data[place : place + 4 + length] = b"\xec" + bytes([0x80 | (2 + length)]) + bytes(2 + length)
    path.write_bytes(data)
    with open_source(path) as source:
        frames = list(source)
        assert source.info.fps == pytest.approx(59 / (ticks[-1] - ticks[0]) * 1000, rel=1e-3)
        assert source.warnings == ()
    np.testing.assert_allclose([frame.timestamp for frame in frames], (np.array(ticks) - ticks[0]) / 1000, atol=1e-6)


def test_long_stretch_without_frames_is_reported_and_kept(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "gap.mkv", 20, ticks=[n + 100 * (n >= 10) for n in range(20)])
    with open_source(path) as source:
        frames = list(source)
        warnings = source.warnings
    assert len(frames) == 20
    assert frames[10].timestamp == pytest.approx(110 / 25)
    assert warnings == ("there is no frame between 0.36 s (frame 9) and 4.40 s",)


@pytest.mark.parametrize(
    ("pts", "expected"),
    [
        ([500, 540, 580], [0.0, 0.04, 0.08]),
        ([None, None, None], [0.0, 0.04, 0.08]),
        ([0, None, 80, None], [0.0, 0.04, 0.08, 0.12]),
        ([None, 900, 940], [0.0, 0.04, 0.08]),
        ([0, 40, 40, 80], [0.0, 0.04, 0.0404, 0.08]),
        ([0, 40, 20, 80], [0.0, 0.04, 0.0404, 0.08]),
        ([5000, 5040, 0, 40, 80], [0.0, 0.04, 0.08, 0.12, 0.16]),
        ([0, 40, 9000, 9040], [0.0, 0.04, 9.0, 9.04]),
        ([-80, -40, 0], [0.0, 0.04, 0.08]),
        ([0, 40, 2**60, 2**60 + 40], [0.0, 0.04, 0.08, 0.12]),
    ],
    ids=["offset", "none", "some missing", "late", "repeated", "step back", "new timeline", "gap", "negative", "leap"],
)
def test_faulty_timestamps_become_rising_times(pts: list[int | None], expected: list[float]) -> None:
    assert times(pts) == pytest.approx(expected)


@given(pts=st.lists(st.none() | st.integers(-(2**40), 2**40), min_size=2, max_size=40), fps=st.floats(0.5, 500))
def test_times_rise_strictly_whatever_comes(pts: list[int | None], fps: float) -> None:
    assert (np.diff(times(pts, fps)) > 0).all()


def test_avi_times_come_from_the_decoding_order() -> None:
    clock = PresentationClock(25.0, Fraction(1, 25), decoding_order=True)
    frames = [frame_at(pts, dts) for pts, dts in [(1, 2), (4, 3), (3, 4), (5, 7), (2, None)]]
    assert [clock.time_of(frame) for frame in frames] == pytest.approx([0.0, 0.04, 0.08, 0.2, 0.24])
