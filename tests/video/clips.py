"""Small videos made for the tests: every frame shows its own number in black and white blocks."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tracker_service.types import UInt8

WIDTH, HEIGHT = 96, 64
COLUMNS, ROWS = 4, 3
RATE = 25

Draw = Callable[[int], UInt8]


def index_image(number: int, width: int = WIDTH, height: int = HEIGHT) -> UInt8:
    """Draw a number as twelve blocks (RGB), the lowest bit top left, row by row."""
    bits = [(number >> bit) & 1 for bit in range(COLUMNS * ROWS)]
    rows, columns = np.arange(height) * ROWS // height, np.arange(width) * COLUMNS // width
    grey = np.array(bits, np.uint8).reshape(ROWS, COLUMNS)[np.ix_(rows, columns)] * 200 + 25
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def read_index(image: UInt8) -> int:
    """Return the number that `index_image` drew."""
    height, width = image.shape[:2]
    centers = np.ix_(
        (2 * np.arange(ROWS) + 1) * height // (2 * ROWS), (2 * np.arange(COLUMNS) + 1) * width // (2 * COLUMNS)
    )
    bits = image[centers].mean(axis=2).ravel() > 125
    return int((bits * (1 << np.arange(COLUMNS * ROWS))).sum())


def corner_image(_number: int = 0, width: int = WIDTH, height: int = HEIGHT) -> UInt8:
    """Draw four coloured quarters: red and green above, blue and white below."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = (220, 20, 20)
    image[: height // 2, width // 2 :] = (20, 200, 20)
    image[height // 2 :, : width // 2] = (20, 20, 220)
    image[height // 2 :, width // 2 :] = (230, 230, 230)
    return image


@contextmanager
def scheduling_kept() -> Iterator[None]:
    """Give the calling thread its scheduling policy and priority back, where the system has such.

    SVT-AV1 makes the thread that opens an encoder a real-time one where it may (as root). It would stay one, as would
    the processes it starts, and nothing else gets their cores until they wait.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


@scheduling_kept()
def write_clip(
    path: Path,
    count: int = 30,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    draw: Draw = index_image,
    ticks: Sequence[int] | None = None,
    ticks_per_second: int = RATE,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    rotation: int | None = None,
    mirrored: bool = False,
    audio_seconds: float = 0.0,
    container_format: str | None = None,
) -> Path:
    """Encode ``count`` frames; ``ticks`` are their presentation times, one tick apart where None."""
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=RATE, options=options or {}))
        height, width = draw(0).shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = Fraction(1, ticks_per_second)
        if rotation is not None or mirrored:
            stream.set_display_rotation(rotation or 0, hflip=mirrored)
        sound = container.add_stream("aac", rate=16000) if audio_seconds else None
        for number in range(count):
            frame = VideoFrame.from_ndarray(draw(number), format="rgb24")
            frame.pts = number if ticks is None else ticks[number]
            frame.time_base = Fraction(1, ticks_per_second)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            write_silence(container, sound, audio_seconds)
    return path


def write_sound(path: Path, seconds: float = 1.0) -> Path:
    """Write a file that holds nothing but silence."""
    with av.open(str(path), "w") as container:
        write_silence(container, container.add_stream("aac", rate=16000), seconds)
    return path


def write_silence(container: OutputContainer, stream: AudioStream, seconds: float) -> None:
    """Encode silence into an open container."""
    for frame in _silence(seconds):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _silence(seconds: float) -> Iterator[AudioFrame]:
    for start in range(0, int(seconds * 16000), 1024):
        frame = AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, start
        yield frame
