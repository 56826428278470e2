"""`track --resume`: an interrupted run goes on, and its results are those of one that was not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.clips import cut
from harness.command_line import CommandLine
from tests.command_line.clips import clip
from tracker_service.settings import load_settings
from tracker_service.wiring.resumable import kept_frames, track_resumably
from tracker_service.wiring.track import track_video

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = {"render": {"enable": False}, "jobs": {"chunk_frames": 3}, "phalp": {"n_init": 2}}
OPTIONS = ("render.enable=false", "jobs.chunk_frames=3", "phalp.n_init=2")


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_run_goes_on_and_its_results_are_those_of_an_undisturbed_one(tmp_path: Path) -> None:
    source, out, seen = cut(tmp_path / "walk.mp4", 24, width=320), tmp_path / "out", list[int]()
    command = [sys.executable, "-m", "tracker_service", "track", str(source), "--out", str(out), "--resume", *OPTIONS]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    first, deadline = out / "resume" / "chunks" / "000000.json", time.monotonic() + 120
    while not first.exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    kept = kept_frames(out)
    assert kept >= 4
    assert errors.decode() == (
        f"interrupted: {out}/resume holds {kept} finished frames; the same command goes on behind them\n"
    )
    assert sorted(path.name for path in out.iterdir()) == ["resume"]
    settings = load_settings(SETTINGS)
    summary = track_resumably(settings, str(source), out, progress=seen.append)
    assert sorted(set(seen)) == list(range(kept + 1, 25))
    assert summary.frames == 24
    assert sorted(path.name for path in out.iterdir()) == [
        "results.ndjson",
        "summary.html",
        "summary.json",
        "tracks.pkl",
    ]
    track_video(settings, str(source), tmp_path / "calm")
    for name in ("results.ndjson", "tracks.pkl"):
        assert (out / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()


def test_what_was_computed_with_other_settings_is_computed_anew(tmp_path: Path) -> None:
    source, out = cut(tmp_path / "walk.mp4", 8, width=320), tmp_path / "out"

    def stop_at_6(frames: int) -> None:
        if frames == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        track_resumably(load_settings(SETTINGS), str(source), out, progress=stop_at_6)
    assert kept_frames(out) == 4  # the window; asked for were 3
    seen: list[int] = []
    track_resumably(load_settings({**SETTINGS, "phalp": {"n_init": 3}}), str(source), out, progress=seen.append)
    assert sorted(set(seen)) == list(range(1, 9))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mesh"], "--resume: expected no --mesh beside it"),
        (["--start", "2"], "--resume: expected to begin with the first frame"),
        (["--end", "0.1s"], "--resume: expected to begin with the first frame and to end at a frame's number"),
    ],
)
def test_what_cannot_go_on_later_is_one_line(
    command_line: CommandLine, tmp_path: Path, options: list[str], message: str
) -> None:
    done = command_line("track", clip(tmp_path / "a.mp4"), "--out", tmp_path / "out", "--resume", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_of_pictures_is_refused(command_line: CommandLine, tmp_path: Path) -> None:
    done = command_line("track", tmp_path, "--out", tmp_path / "out", "--resume")
    assert done.returncode == 2
    assert "--resume: expected a video file, got pictures" in done.stderr
