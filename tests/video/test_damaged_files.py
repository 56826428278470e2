import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.video.clips import index_image, read_index, write_clip
from tracker_service.types import UInt8
from tracker_service.video.source import Position, open_source

COUNT = 100
GRAIN = np.random.default_rng(1).integers(-24, 25, (8, 120, 160, 3))

CLIPS: dict[str, dict[str, Any]] = {
    "faststart.mp4": {"container_options": {"movflags": "faststart"}},
    "fragmented.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "clip.mkv": {},
    "clip.avi": {"codec": "mpeg4", "options": {"g": "10", "b": "50M", "qmin": "2", "qmax": "4"}},
    "clip.ts": {},
    "clip.flv": {},
    "clip.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8", "g": "10"}},
    "clip.mov": {"codec": "mjpeg", "pixel_format": "yuvj420p", "container_options": {"movflags": "faststart"}},
}
ENDS_ARE_ANNOUNCED = {"faststart.mp4", "clip.mkv", "clip.avi", "clip.flv", "clip.webm", "clip.mov"}


def grainy(number: int) -> UInt8:
    """Draw the number under noise, so that every frame takes many bytes."""
    image: UInt8 = np.clip(index_image(number, 160, 120) + GRAIN[number % len(GRAIN)], 0, 255).astype(np.uint8)
    return image


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for name, settings in CLIPS.items():
        write_clip(folder / name, COUNT, draw=grainy, **({"options": {"g": "10"}} | settings))
    return folder


def read(path: str | Path, threads: int = 2) -> tuple[list[int], list[float], tuple[str, ...]]:
    """Return the numbers seen in the frames, their times and the warnings; frames must be numbered on end."""
    with open_source(path, threads=threads) as source:
        seen, times, numbers = [], [], []
        for frame in source:
            seen.append(read_index(frame.image))
            times.append(frame.timestamp)
            numbers.append(frame.number)
        assert numbers == list(range(len(numbers)))
        assert all(warning and "\n" not in warning for warning in source.warnings)
        return seen, times, source.warnings


@pytest.mark.parametrize("name", CLIPS)
def test_whole_file_gives_no_warning(clips: Path, name: str) -> None:
    seen, _, warnings = read(clips / name)
    assert seen == list(range(COUNT))
    assert warnings == ()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CLIPS)
def test_file_cut_short_keeps_what_came_before_the_cut(clips: Path, tmp_path: Path, name: str, threads: int) -> None:
    data = (clips / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: len(data) * 6 // 10])
    seen, _, warnings = read(path, threads)
    # Where the cut goes through a group of B-frames, a few frames at the end may be missing or stand for others.
    assert 50 <= len(seen) <= 65
    assert seen[:50] == list(range(50))
    if name in ENDS_ARE_ANNOUNCED:
        assert f"{len(seen)}" in warnings[-1]
        # FLV states a duration that is a little longer.
        assert "100" in warnings[-1] or "102" in warnings[-1]


def test_early_end_is_reported_with_frame_and_expected_frames(clips: Path, tmp_path: Path) -> None:
    data = (clips / "clip.mkv").read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(data[: len(data) // 2])
    seen, _, (warning,) = read(path)
    count = len(seen)
    assert warning == f"decoding stopped at frame {count} of about 100: the file ends early; {count} frames were kept"


def test_number_of_threads_loses_no_frame_of_a_cut_file(clips: Path, tmp_path: Path) -> None:
    data = (clips / "faststart.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    for size in range(len(data) // 2, len(data) // 2 + 3000, 700):
        path.write_bytes(data[:size])
        assert read(path, threads=1)[0] == read(path, threads=4)[0]


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("zeros", [True, False], ids=["zeros", "noise"])
def test_damage_in_the_middle_is_reported_and_decoding_goes_on(
    clips: Path, tmp_path: Path, name: str, zeros: bool
) -> None:
    data = bytearray((clips / name).read_bytes())
    start, length = len(data) * 45 // 100, len(data) * 5 // 100
    data[start : start + length] = bytes(length) if zeros else np.random.default_rng(3).bytes(length)
    path = tmp_path / name
    path.write_bytes(data)
    seen, times, warnings = read(path)
    assert seen[:35] == list(range(35))
    if name != "fragmented.mp4":  # FFmpeg cannot find the next fragment behind a broken one
        assert seen[-1] == COUNT - 1
    assert (np.diff(times) > 0).all()
    assert warnings


def test_damaged_hevc_does_not_hang_the_decoder() -> None:
    # The test pattern of 30 frames with 29 bytes overwritten: decoding it with frame threads never ends.
    path = Path(__file__).resolve().parents[1] / "data" / "damaged_hevc.mp4"
    program = "import sys; from tests.video.test_damaged_files import read; print(len(read(sys.argv[1], 3)[0]))"
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout) == (0, "18\n"), run.stderr


def test_stream_that_begins_in_the_middle_of_the_file_is_passed_over(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.ts", 10, draw=grainy).read_bytes()
    loud = write_clip(tmp_path / "loud.ts", 10, audio_seconds=1.0, ticks=range(10, 20)).read_bytes()
    path = tmp_path / "both.ts"
    path.write_bytes(silent * 60 + loud)
    with open_source(path) as source:
        assert sum(1 for _ in source) >= 600


def test_end_before_the_damage_gives_no_warning(clips: Path, tmp_path: Path) -> None:
    data = (clips / "clip.mkv").read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(data[: len(data) // 2])
    with open_source(path, end=Position(frame=20)) as source:
        assert [frame.number for frame in source] == list(range(20))
        assert source.warnings == ()


def test_start_in_a_cut_file_gives_the_true_frames(clips: Path, tmp_path: Path) -> None:
    data = (clips / "faststart.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])
    with open_source(path, start=Position(frame=23), end=Position(frame=26)) as source:
        assert [(frame.number, read_index(frame.image)) for frame in source] == [(n, n) for n in (23, 24, 25)]
