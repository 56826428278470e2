"""Frames of several slices that FFmpeg cut apart, joined again."""

from collections.abc import Iterable, Iterator
from typing import cast

from av.packet import Packet
from av.video.stream import VideoStream

_START = b"\x00\x00\x01"
_SLICES = frozenset({1, 5})
"""NAL unit types of slices (ITU-T H.264, table 7-1)."""


def joined_keyframes(packets: Iterable["Packet[VideoStream]"]) -> Iterator["Packet[VideoStream]"]:
    """Yield the packets of an H.264 stream of RTSP, with whole keyframes.

    GStreamer's servers repeat the parameter sets before every slice of a keyframe, and FFmpeg takes each repetition for
    the beginning of another frame. So a keyframe waits for the packet after it; where the first one was whole, the
    others wait no more.
    """
    held: Packet[VideoStream] | None = None
    cut: bool | None = None
    for packet in packets:
        if held is not None:
            if _goes_on(bytes(packet)):
                held, cut = _joined(held, packet), True
                continue
            yield held
            held, cut = None, bool(cut)
        if packet.is_keyframe and cut is not False:
            held = packet
        else:
            yield packet
    if held is not None:
        yield held


def _goes_on(data: bytes) -> bool:
    """Return whether the first slice of a packet is not the first of its frame."""
    place = data.find(_START)
    while place >= 0 and place + 4 < len(data):
        if data[place + 3] & 31 in _SLICES:
            # The number of its first macroblock; 0 is written as a single bit that is set.
            return not data[place + 4] & 128
        place = data.find(_START, place + 3)
    return False


def _joined(first: "Packet[VideoStream]", second: "Packet[VideoStream]") -> "Packet[VideoStream]":
    whole = cast("Packet[VideoStream]", Packet(bytes(first) + bytes(second)))
    timed = first if first.pts is not None else second
    whole.pts, whole.dts, whole.time_base = timed.pts, timed.dts, timed.time_base
    whole.is_keyframe = True
    return whole
