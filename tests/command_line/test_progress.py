"""What a person sees while a run goes on, on a terminal and in a log."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.text import Text

from tests.results.frames import tracked_person
from tracker_service.command_line.progress import LiveBar, PlainLines, progress_display
from tracker_service.types import FrameResult
from tracker_service.wiring.track import Progress


def progress(done: int, total: int | None, people: int = 0) -> Progress:
    persons = tuple(tracked_person(track_id, done - 1) for track_id in range(1, people + 1))
    return Progress(FrameResult(done - 1, done / 25, 64, 48, persons), done, total)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the display takes for the time; ``seconds`` is moved by hand."""
    clock = SimpleNamespace(seconds=100.0)
    clock.perf_counter = lambda: clock.seconds
    monkeypatch.setattr("tracker_service.command_line.progress.time", clock)
    return clock


@pytest.mark.parametrize("total", [40, 10, None])
def test_a_terminal_gets_a_bar_with_frames_speed_and_time_left(total: int | None) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with progress_display(console) as display:
        assert isinstance(display, LiveBar)
        for done in range(1, 21):
            display.show(progress(done, total))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert f"20/{max(total, 20) if total else '?'}" in shown
    assert "fps" in shown
    assert "left" in shown


@pytest.mark.parametrize(("total", "expected"), [(40, "frame 2 of 40,"), (None, "frame 2 of ?,")])
def test_a_log_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, total: int | None, expected: str) -> None:
    monkeypatch.setattr("tracker_service.command_line.progress._LINE_EVERY_SECONDS", 0.0)
    console = Console(file=io.StringIO(), force_terminal=False, width=120)
    with progress_display(console) as display:
        assert isinstance(display, PlainLines)
        for done in (1, 2):
            display.show(progress(done, total))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(expected)
    assert ("s left" in lines[1]) is (total is not None)


def test_the_bar_shows_frames_a_second_and_the_people_of_the_newest_frame(clock: SimpleNamespace) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with progress_display(console) as display:
        display.show(progress(10, 40, people=1))
        clock.seconds += 5
        display.show(progress(30, 40, people=3))
    assert isinstance(console.file, io.StringIO)
    shown = Text.from_ansi(console.file.getvalue()).plain
    assert "30/40 6.0 fps, 3 people," in shown


def test_a_line_tells_frames_a_second_and_the_seconds_left(clock: SimpleNamespace) -> None:
    console = Console(file=io.StringIO(), force_terminal=False, width=120)
    with progress_display(console) as display:
        for done, total in ((10, 40), (30, 40), (41, 40)):
            clock.seconds += 6
            display.show(progress(done, total))
        clock.seconds += 1
        display.show(progress(42, 40))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "frame 10 of 40, 1.7 fps, 18 s left",
        "frame 30 of 40, 2.5 fps, 4 s left",
        "frame 41 of 41, 2.3 fps, 0 s left",
    ]
