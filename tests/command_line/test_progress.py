"""What a person sees while a run goes on, on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from tracker_service.command_line.progress import LiveBar, PlainLines, progress_display
from tracker_service.types import FrameResult
from tracker_service.wiring.assembly import Progress


def progress(done: int, total: int | None) -> Progress:
    return Progress(FrameResult(done - 1, done / 25, 64, 48, ()), done, total)


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
