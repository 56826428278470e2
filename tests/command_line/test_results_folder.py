"""One folder, one run: the lock, and what a killed run leaves behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.command_line import CommandLine
from tests.command_line.clips import clip
from tracker_service.errors import ResultsError
from tracker_service.results.folder_lock import locked_folder


def test_a_second_run_into_a_folder_ends_with_one_line_and_writes_nothing(
    command_line: CommandLine, tmp_path: Path
) -> None:
    source, out = clip(tmp_path / "a.mp4"), tmp_path / "out"
    with locked_folder(out):
        done = command_line("track", source, "--out", out, "--no-overlay")
        assert sorted(path.name for path in out.iterdir()) == ["run.lock"]
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"error: {out}: expected a folder of its own for this run, got one into which another run "
        f"(process {os.getpid()}) is writing"
    ]


def test_a_folder_that_stays_empty_is_removed_with_those_made_above_it(tmp_path: Path) -> None:
    with locked_folder(tmp_path / "new" / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_removed_while_somebody_waited_for_it_is_taken_anew(tmp_path: Path) -> None:
    for _ in range(2):
        with locked_folder(tmp_path), pytest.raises(ResultsError, match="another run"), locked_folder(tmp_path):
            pass


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="expected a folder that can be written"), locked_folder(tmp_path / "file"):
        pass


def test_the_lock_of_a_killed_run_holds_up_nobody_and_its_leftovers_go(
    command_line: CommandLine, tmp_path: Path
) -> None:
    source, out = clip(tmp_path / "a.mp4"), tmp_path / "out"
    program = (
        "import sys, time; from pathlib import Path; from tracker_service.results.folder_lock import locked_folder\n"
        "with locked_folder(Path(sys.argv[1])): print('locked', flush=True); time.sleep(100)"
    )
    killed = subprocess.Popen([sys.executable, "-c", program, out], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"locked\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    for name in ("overlay.mp4.partial", "results.ndjson.partial", ".overlay.mp4.77.0a1b2c3d.part"):
        (out / name).write_bytes(b"left")
    done = command_line("track", source, "--out", out, "--no-overlay")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "results.ndjson",
        "summary.html",
        "summary.json",
        "tracks.pkl",
    ]
