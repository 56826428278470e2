"""Makes odd video files: six small frames that show their own numbers, in every codec and container."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tests.video.clips import HEIGHT, RATE, WIDTH, index_image, scheduling_kept, write_silence, write_sound

FRAMES = 6
Make = Callable[[Path], None]

X264 = {"preset": "ultrafast", "threads": "1"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1"}
VPX = {"deadline": "realtime", "cpu-used": "8"}
AV1 = {"preset": "12", "svtav1-params": "lp=1"}
OPTIONS = {"libx264": X264, "libx265": X265, "libvpx": VPX, "libvpx-vp9": VPX, "libsvtav1": AV1}
"""The fastest settings of each encoder."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What is encoded; calling it with a path writes the file.

    Attributes:
        codec, pixel_format: FFmpeg's names.
        size: width and height, pixels.
        ticks: presentation times of the frames, in units of ``1 / rate`` s.
        rate: ticks a second.
        options: of the encoder, beside `OPTIONS`.
        container: options of the container.
        rotation: counter-clockwise degrees of the display matrix.
        ratio: width of a pixel divided by its height.
        transfer: FFmpeg's number of an HDR transfer function, with the colours of BT.2020; 0 for what is not HDR.
        full_range: whether black is 0 and white 255, and the file says so.
        sound: seconds of silence beside the pictures.
        sound_first: whether the sound is the first stream.
    """

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    size: tuple[int, int] = (WIDTH, HEIGHT)
    ticks: Sequence[int] = tuple(range(FRAMES))
    rate: int = RATE
    options: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)
    rotation: int = 0
    ratio: Fraction = Fraction(1)
    transfer: int = 0
    full_range: bool = False
    sound: float = 0.0
    sound_first: bool = False

    @scheduling_kept()
    def __call__(self, path: Path) -> None:
        with av.open(str(path), "w", options=self.container) as container:
            sound = container.add_stream("aac", rate=16000) if self.sound and self.sound_first else None
            stream = self._stream(container)
            if self.sound and not self.sound_first:
                sound = container.add_stream("aac", rate=16000)
            for number, tick in enumerate(self.ticks):
                container.mux(stream.encode(self._frame(number, tick)))
            container.mux(stream.encode(None))
            if sound is not None:
                write_silence(container, sound, self.sound)

    def _stream(self, container: av.container.OutputContainer) -> VideoStream:
        options = {**OPTIONS.get(self.codec, {}), **self.options}
        stream = cast("VideoStream", container.add_stream(self.codec, rate=self.rate, options=options))
        (stream.width, stream.height), stream.pix_fmt = self.size, self.pixel_format
        stream.codec_context.time_base = Fraction(1, self.rate)
        context = stream.codec_context
        if self.ratio != 1:
            context.sample_aspect_ratio = self.ratio
        if self.full_range:
            context.color_range = 2
        if self.transfer:
            context.color_trc, context.color_primaries, context.colorspace = self.transfer, 9, 9
        if self.rotation:
            stream.set_display_rotation(self.rotation)
        return stream

    def _frame(self, number: int, tick: int) -> VideoFrame:
        frame = VideoFrame.from_ndarray(index_image(number, *self.size), format="rgb24")
        if self.full_range:
            frame = frame.reformat(format=self.pixel_format, dst_color_range=2)
        frame.pts, frame.time_base = tick, Fraction(1, self.rate)
        return frame


def cut(clip: Clip, whole: int) -> Make:
    """Return a maker of a clip that ends in the middle of the packet behind ``whole`` ones."""

    def make(path: Path) -> None:
        clip(path)
        with av.open(str(path)) as container:
            places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.pos is not None]
        position, size = places[whole]
        path.write_bytes(path.read_bytes()[: position + size // 2])

    return make


def behind(data: bytes, clip: Clip) -> Make:
    """Return a maker of a clip that begins after bytes of something else."""

    def make(path: Path) -> None:
        clip(path)
        path.write_bytes(data + path.read_bytes())

    return make


def joined(first: Clip, second: Clip) -> Make:
    """Return a maker of two streams one after the other in one file, as recorders write that split their files."""

    def make(path: Path) -> None:
        second(path)
        rest = path.read_bytes()
        first(path)
        path.write_bytes(path.read_bytes() + rest)

    return make


def two_streams(path: Path) -> None:
    """Write a small preview before the video itself."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("libx264", rate=RATE, options={**X264, "bf": "0"}) for _ in range(2)]
        for stream, size in zip(streams, ((WIDTH // 2, HEIGHT // 2), (WIDTH, HEIGHT)), strict=True):
            (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for number in range(FRAMES):
            for stream in streams:
                image = index_image(number, stream.width, stream.height)
                frame = VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, RATE)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))


def sound_only(path: Path) -> None:
    """Write a file without pictures."""
    write_sound(path)


def with_cover(picture_first: bool, clip: bool) -> Make:
    """Return a maker of sound with a cover picture, and with a video or without."""

    def make(path: Path) -> None:
        with av.open(str(path), "w") as container:
            streams = ["cover", "video"] if picture_first else ["video", "cover"]
            made = {name: _cover_or_video(container, name) for name in streams if clip or name == "cover"}
            tone = container.add_stream("aac", rate=16000)
            for name, stream in made.items():
                for number in range(FRAMES if name == "video" else 1):
                    frame = VideoFrame.from_ndarray(index_image(number), format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, RATE)
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
            write_silence(container, tone, 0.2)

    return make


def _cover_or_video(container: av.container.OutputContainer, name: str) -> VideoStream:
    codec = "png" if name == "cover" else "libx264"
    stream = cast("VideoStream", container.add_stream(codec, rate=RATE, options=OPTIONS.get(codec, {})))
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "rgb24" if name == "cover" else "yuv420p"
    if name == "cover":
        stream.disposition = Disposition.attached_pic
    return stream


def content(data: bytes) -> Make:
    """Return a maker of a file with these bytes."""

    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


def nothing(path: Path) -> None:
    """Write an empty file."""
    path.touch()


def noise(path: Path) -> None:
    """Write random bytes."""
    path.write_bytes(np.random.default_rng(0).bytes(60_000))


def without(box: bytes, clip: Clip) -> Make:
    """Return a maker of an mp4 in which a kind of box has a name that nobody knows."""

    def make(path: Path) -> None:
        clip(path)
        path.write_bytes(path.read_bytes().replace(box, b"zzzz"))

    return make


def starting_at(seconds: float, **changes: object) -> Clip:
    """Return a clip whose timestamps begin at a time."""
    return replace(Clip(container={"output_ts_offset": f"{seconds}"}), **changes)  # type: ignore[arg-type]
