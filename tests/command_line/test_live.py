"""``phalp-triton live`` from outside."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from harness.clips import as_transport_stream, cut
from harness.command_line import ROOT, CommandLine
from harness.ports import free_port

FRAMES = 6


@pytest.fixture(scope="module")
def transport_stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("stream")
    return as_transport_stream(cut(folder / "a.mp4", FRAMES, width=320), folder / "a.ts").read_bytes()


def test_a_stream_on_the_standard_input_gives_lines_a_recording_and_an_overlay(
    transport_stream: bytes, tmp_path: Path
) -> None:
    playlist = tmp_path / "hls" / "overlay.m3u8"
    command = [sys.executable, "-m", "tracker_service", "live", "-", "live.drop=none", "--overlay", str(playlist)]
    done = subprocess.run(
        [*command, "--record", str(tmp_path / "rec")], input=transport_stream, capture_output=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    frames = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [frame["live"]["source_frame"] for frame in frames] == list(range(FRAMES))
    assert [frame["frame_number"] for frame in frames] == list(range(FRAMES))
    assert any(frame["persons"] for frame in frames)
    assert f"frames: {FRAMES}, computed: {FRAMES}, skipped: 0, failed: 0".encode() in done.stderr
    part = tmp_path / "rec" / "part-00001"
    assert orjson.loads((part / "summary.json").read_bytes())["frames"] == FRAMES
    assert {path.name for path in part.iterdir()} >= {"results.ndjson", "tracks.pkl", "summary.html"}
    assert b"#EXTM3U" in playlist.read_bytes()
    assert list(playlist.parent.glob("*.ts"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clip.mp4"], "source: expected an address, a device as /dev/video0 or 0, or -, got clip.mp4"),
        ([], "source: expected one camera or stream, got 0"),
        (["-", "live.latency_ms=-1"], "live.latency_ms: "),
        (["https://youtu.be/x?key=hunter2"], "pip install 'phalp-triton[pages]'"),
    ],
)
def test_what_cannot_be_followed_is_one_line(command_line: CommandLine, arguments: list[str], message: str) -> None:
    done = command_line("live", *(arguments or ["live.latency_ms=1"]))
    assert done.returncode == 2
    assert message in done.stderr
    assert "hunter2" not in done.stderr


def test_a_camera_that_is_not_there_is_one_line_without_its_password(command_line: CommandLine) -> None:
    done = command_line("live", f"rtsp://admin:hunter2@127.0.0.1:{free_port()}/1")
    assert done.returncode == 2
    assert done.stderr.startswith("error: rtsp://127.0.0.1:")
    assert "hunter2" not in done.stderr


def test_track_says_that_an_address_is_followed_live(command_line: CommandLine) -> None:
    done = command_line("track", "rtsp://admin:hunter2@camera/1")
    assert done.returncode == 2
    assert done.stderr == (
        "error: source: expected files, got the address rtsp://camera/1; `phalp-triton live` follows streams\n"
    )
