"""Pictures and videos that say more, or less, than they hold, or take long to decode: for tests and benchmarks."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream


def mov(samples: int, *, size: int = 12_288, data: bytes = b"", ticks: int = 40, duration: int | None = None) -> bytes:
    """A QuickTime file of raw pictures of 64 x 64 pixels, in which some hundred bytes claim any number of samples.

    Args:
        samples: how many it says that there are.
        size: bytes that it says each has.
        data: the samples.
        ticks: how long it says each lasts, thousandths of a second.
        duration: seconds that it says all last together; None says the truth.
    """
    length = samples * ticks if duration is None else duration * 1000
    entry = struct.pack(">6xH16xHHII4xH32sHh", 1, 64, 64, 0x480000, 0x480000, 1, b"", 24, -1)
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1) + _box(b"raw ", entry)),
        _full(b"stts", struct.pack(">III", 1, samples, ticks)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, samples, 1)),
        _full(b"stsz", struct.pack(">II", size, samples)),
        _full(b"stco", struct.pack(">II", 1, 28)),
    )
    reference = _box(b"dinf", _full(b"dref", struct.pack(">I", 1) + _full(b"url ", b"", flags=1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIII4x", 0, 0, 1000, min(length, 2**32 - 1))),
        _full(b"hdlr", struct.pack(">4s4s12xx", b"mhlr", b"vide")),
        _box(b"minf", _full(b"vmhd", bytes(8), flags=1), reference, table),
    )
    header = struct.pack(">IIIII52xII", 0, 0, 1, 0, min(length, 2**32 - 1), 64 << 16, 64 << 16)
    movie = struct.pack(">IIII80x", 0, 0, 1000, min(length, 2**32 - 1))
    track = _box(b"trak", _full(b"tkhd", header, flags=7), media)
    kind = _box(b"ftyp", b"qt  " + bytes(4) + b"qt  ")
    return kind + _box(b"mdat", data) + _box(b"moov", _full(b"mvhd", movie), track)


def pictures_in_matroska(picture: bytes, width: int, height: int) -> bytes:
    """A Matroska file whose one frame is the given JPEG file."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as container:
        video = container.add_stream("mjpeg", rate=Fraction(25), options={"strict": "unofficial"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = width, height, "yuvj420p"
        frame = VideoFrame.from_ndarray(np.zeros((height * 3 // 2, width), np.uint8), format="yuv420p")
        (packet,) = [*video.encode(frame.reformat(format="yuvj420p")), *video.encode(None)]
        given = av.Packet(picture)
        given.stream, given.pts, given.dts, given.time_base = video, packet.pts, packet.dts, packet.time_base
        given.is_keyframe = True
        container.mux(given)
    return stream.getvalue()


def progressive_jpeg(width: int, height: int, scans: int) -> bytes:
    """A grey progressive JPEG in which every scan after the first refines nothing: 18 bytes each, a pass over all."""
    tables = b"\xff\xdb\x00\x43\x00" + bytes([1] * 64)
    frame = b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    # One code of one bit: in DC scans "no difference", in AC scans a run of empty blocks.
    dc_table = b"\xff\xc4\x00\x14\x00" + bytes([1] + [0] * 15) + b"\x00"
    ac_table = b"\xff\xc4\x00\x14\x10" + bytes([1] + [0] * 15) + b"\xe0"
    blocks = -(-width // 8) * -(-height // 8)
    first = b"\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00" + bytes(-(-blocks // 8))
    runs = -(-blocks // 16384) * 15
    others = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00" + bytes(-(-runs // 8))
    return b"\xff\xd8" + tables + frame + dc_table + ac_table + first + others * (scans - 1) + b"\xff\xd9"


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full(kind: bytes, content: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), content)
