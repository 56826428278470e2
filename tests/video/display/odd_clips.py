"""Small videos of unusual kinds, made for the tests."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tracker_service.types import Frame, UInt8
from tracker_service.video.source import open_source

RATE = 25


def write_frames(
    path: Path,
    frames: Iterable[VideoFrame],
    *,
    codec: str = "libx264",
    ratio: str = "1",
    rotation: int | None = None,
    options: dict[str, str] | None = None,
    transfer: int | None = None,
) -> Path:
    """Encode frames as they are; ``ratio`` is that of their pixels, ``transfer`` marks them as HDR of BT.2020."""
    frames = list(frames)
    with av.open(str(path), "w") as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=RATE, options=options or {}))
        _describe(stream, frames[0])
        stream.codec_context.sample_aspect_ratio = Fraction(ratio)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        if transfer is not None:
            context = stream.codec_context
            context.color_trc, context.color_primaries, context.colorspace = transfer, 9, 9
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_streams(path: Path, images: Sequence[UInt8], *, default: int | None = None, count: int = 5) -> Path:
    """Write one video stream for each image, which it shows ``count`` times."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=RATE) for _ in images]
        for number, (stream, image) in enumerate(zip(streams, images, strict=True)):
            _describe(stream, yuv(image))
            if default is not None:
                stream.disposition = Disposition.default if number == default else Disposition(0)
        for time in range(count):
            for stream, image in zip(streams, images, strict=True):
                frame = yuv(image)
                frame.pts, frame.time_base = time, Fraction(1, RATE)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


def joined(path: Path, pieces: Sequence[Path]) -> Path:
    """Put transport streams behind each other, as a cut recording has them."""
    path.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    return path


def yuv(image: UInt8, pixel_format: str = "yuv420p") -> VideoFrame:
    """Return an RGB image as a frame of another pixel format."""
    return VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)


def texture(number: int, width: int, height: int) -> UInt8:
    """Draw a smooth coloured pattern that moves with the number."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 7 + number / 3), np.cos(y / 5 - number / 4), np.sin((x + y) / 9)]
    return (127 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


def read(path: Path) -> tuple[list[Frame], tuple[str, ...]]:
    """Return the frames of a file, and the warnings."""
    with open_source(path, threads=2) as source:
        frames = list(source)
        assert (source.info.width, source.info.height) == frames[0].image.shape[1::-1]
    return frames, source.warnings


def _describe(stream: VideoStream, frame: VideoFrame) -> None:
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, frame.format.name
