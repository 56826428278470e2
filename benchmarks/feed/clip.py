"""The sample as a camera would give it in 1080p: scaled up, with the noise of a sensor, at a camera's bit rate."""

from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from harness.clips import RATE, SAMPLE

SIZE = (1920, 1080)
BITS_PER_SECOND = 8_000_000
_NOISE = 2.0
"""Standard deviation of the noise in the luma, of 255."""
_NOISE_FRAMES = 8


def full_hd(target: Path, frames: int, first: int = 100) -> Path:
    """Write ``frames`` frames of the sample, from ``first`` on, as H.264, yuv420p, BT.709; returns its path.

    From the hundredth frame on three people walk. The noise makes the pictures as large to decode as footage.
    """
    random = np.random.default_rng(5)
    noise = [np.rint(random.normal(0, _NOISE, SIZE[::-1])).astype(np.int16) for _ in range(_NOISE_FRAMES)]
    with av.open(str(SAMPLE)) as source, av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=round(RATE))
        assert isinstance(stream, VideoStream)  # noqa: S101 - libx264 is no audio codec
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.bit_rate = "yuv420p", BITS_PER_SECOND
        stream.options = {"preset": "veryfast"}
        context = stream.codec_context
        context.colorspace, context.color_range = 1, 1
        for number, frame in enumerate(source.decode(video=0)):
            if number >= first + frames:
                break
            if number < first:
                continue
            picture = frame.reformat(*SIZE, format="yuv420p", interpolation="BICUBIC")
            luma = picture.planes[0]
            pixels = np.frombuffer(memoryview(luma), np.uint8).reshape(luma.height, luma.line_size)
            noisy = pixels.astype(np.int16)
            noisy[:, : SIZE[0]] += noise[number % _NOISE_FRAMES]
            luma.update(np.clip(noisy, 16, 235).astype(np.uint8).tobytes())
            picture.pts = None
            for packet in stream.encode(picture):
                output.mux(packet)
        for packet in stream.encode():
            output.mux(packet)
    return target
