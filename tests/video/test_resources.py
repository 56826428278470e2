"""Memory, threads and files that reading and writing hold."""

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.video.clips import index_image, write_clip
from tracker_service.errors import VideoError
from tracker_service.video.source import FrameSource, Position, open_source
from tracker_service.video.writer import VideoWriter

FRAMES = 3000
WIDTH, HEIGHT = 320, 180
PROCESS = Path("/proc/self")
MEGABYTE = 1 << 20


pytestmark = pytest.mark.skipif(not PROCESS.is_dir(), reason="needs /proc")


def resident() -> int:
    """Return the bytes of memory that the process holds."""
    return int((PROCESS / "statm").read_text().split()[1]) * resource.getpagesize()


def held_by_process() -> tuple[int, int]:
    """Return the numbers of threads and open files."""
    return len(list((PROCESS / "task").iterdir())), len(list((PROCESS / "fd").iterdir()))


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [index_image(number * 21, WIDTH, HEIGHT) for number in range(100)]
    return write_clip(
        tmp_path_factory.mktemp("long") / "long.mp4",
        FRAMES,
        draw=lambda number: images[number % 100],
        options={"preset": "ultrafast", "g": "250"},
    )


def growth(source: FrameSource, warm_up: int) -> int:
    """Return by how many bytes the process grows from the ``warm_up``-th frame to the largest size it has."""
    before = largest = 0
    for count, _ in enumerate(source):
        if count == warm_up:
            before = resident()
        if count % 50 == 0:
            largest = max(largest, resident())
    return largest - before


def test_memory_does_not_grow_with_the_length(long_clip: Path) -> None:
    # All frames together would take 518 MB.
    with open_source(long_clip) as source:
        assert growth(source, 200) < 40 * MEGABYTE


def test_memory_does_not_grow_with_the_frames_before_the_start(long_clip: Path) -> None:
    before = resident()
    with open_source(long_clip, start=Position(frame=FRAMES - 20)) as source:
        assert len(list(source)) == 20
    assert resident() - before < 60 * MEGABYTE


def test_memory_does_not_grow_while_writing(tmp_path: Path) -> None:
    image = index_image(7, WIDTH, HEIGHT)
    with VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0, preset="ultrafast") as writer:
        for number in range(1200):
            if number == 200:
                before = resident()
            writer.write(image)
        assert resident() - before < 40 * MEGABYTE


def test_closing_ends_threads_and_files_also_in_the_middle(long_clip: Path) -> None:
    before = held_by_process()
    kept = []
    for _ in range(5):
        with open_source(long_clip, threads=3) as source:
            frames = iter(source)
            for _ in range(10):
                next(frames)
            assert held_by_process()[0] > before[0]
        kept.append((source, frames))
    assert held_by_process() == before


def test_closing_while_another_thread_reads_ends_its_reading(long_clip: Path) -> None:
    for _ in range(10):
        source = open_source(long_clip, threads=2)
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(lambda source: len(list(source)), source)
            time.sleep(0.01)
            source.close()
            with pytest.raises(VideoError, match="closed"):
                reading.result(timeout=20)


def test_frames_stay_valid_after_closing(long_clip: Path) -> None:
    with open_source(long_clip, end=Position(frame=3)) as source:
        images = [frame.image for frame in source]
    np.testing.assert_allclose(images[1], index_image(21, WIDTH, HEIGHT), atol=40)
