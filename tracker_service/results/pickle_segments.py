"""A pickled dict in segments that are written at different times, by different processes, and put together later.

Each segment is compressed on its own (raw deflate, flushed to a byte border), so joining is copying: zlib's header, the
segments, an empty last block, and the Adler-32 of everything, which follows from those of the segments (RFC 1950,
RFC 1951). What comes out is read like the file of `pickle_stream`.
"""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tracker_service.results.pickle_stream import COMPRESSION_LEVEL, PickleProgram

_ADLER_MODULUS = 65521
_ZLIB_HEADER = bytes.fromhex("785e")


@dataclass(frozen=True, slots=True)
class SegmentCheck:
    """What must be known of a segment to join it.

    Attributes:
        adler: Adler-32 of its bytes before compression.
        length: number of those bytes.
    """

    adler: int = 1
    length: int = 0

    def then(self, other: "SegmentCheck") -> "SegmentCheck":
        """Return the check of this segment followed by another (``adler32_combine`` of zlib)."""
        low, high = self.adler & 0xFFFF, self.adler >> 16
        other_low, other_high = other.adler & 0xFFFF, other.adler >> 16
        sum_low = (low + other_low - 1) % _ADLER_MODULUS
        sum_high = (high + other_high + other.length * (low - 1)) % _ADLER_MODULUS
        return SegmentCheck(sum_high << 16 | sum_low, self.length + other.length)


class PickleSegment:
    """Writes some items of a dict.

    Args:
        write: takes the compressed bytes, in order.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._compressor = _raw_deflate()
        self._program = PickleProgram()
        self._check = SegmentCheck()

    def add(self, key: str, value: Any) -> None:
        """Append one item."""
        piece = self._program.item(key, value)
        self._check = SegmentCheck(zlib.adler32(piece, self._check.adler), self._check.length + len(piece))
        self._write(self._compressor.compress(piece))

    def finish(self) -> SegmentCheck:
        """End the segment."""
        self._write(self._compressor.flush(zlib.Z_FULL_FLUSH))
        return self._check


def frame_segments(checks: Iterable[SegmentCheck]) -> tuple[bytes, bytes]:
    """Return what goes before and after the segments of a whole file.

    Args:
        checks: of all its segments, in order.
    """
    begin, end = PickleProgram.begin, PickleProgram.end
    total = SegmentCheck(zlib.adler32(begin), len(begin))
    for check in checks:
        total = total.then(check)
    total = total.then(SegmentCheck(zlib.adler32(end), len(end)))
    opening, closing = _raw_deflate(), _raw_deflate()
    before = _ZLIB_HEADER + opening.compress(begin) + opening.flush(zlib.Z_FULL_FLUSH)
    return before, closing.compress(end) + closing.flush() + total.adler.to_bytes(4, "big")


def _raw_deflate() -> "zlib._Compress":
    return zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
