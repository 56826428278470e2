"""Keyframes of several slices that FFmpeg cut apart."""

from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from tracker_service.video.live.cut_frames import joined_keyframes

START = b"\x00\x00\x01"
PARAMETERS = START + b"\x67\x42" + START + b"\x68\xce"
FIRST, LATER = START + b"\x65\x88", START + b"\x65\x02"
"""Slices of a keyframe: its first, which begins at macroblock 0, and a later one."""
NEXT = START + b"\x41\x9a"


def packet(data: bytes, *, pts: int | None, key: bool = False) -> "Packet[VideoStream]":
    made = cast("Packet[VideoStream]", Packet(data))
    made.pts = made.dts = pts
    made.time_base = Fraction(1, 25)
    made.is_keyframe = key
    return made


def test_the_slices_of_a_keyframe_are_one_packet_with_its_time() -> None:
    cut = [
        packet(PARAMETERS + FIRST, pts=None, key=True),
        packet(PARAMETERS + LATER, pts=0, key=True),
        packet(PARAMETERS + LATER, pts=None, key=True),
        packet(NEXT, pts=1),
        packet(PARAMETERS + FIRST, pts=2, key=True),
        packet(PARAMETERS + LATER, pts=None, key=True),
    ]
    whole = list(joined_keyframes(cut))
    slices = PARAMETERS + FIRST + PARAMETERS + LATER
    assert [bytes(each) for each in whole] == [slices + PARAMETERS + LATER, NEXT, slices]
    assert [each.pts for each in whole] == [0, 1, 2]
    assert [each.is_keyframe for each in whole] == [True, False, True]


@pytest.mark.parametrize("rest", [[], [packet(NEXT, pts=1)]])
def test_a_keyframe_that_was_not_cut_stays_as_it_is(rest: list["Packet[VideoStream]"]) -> None:
    key = packet(PARAMETERS + FIRST + LATER, pts=0, key=True)
    assert list(joined_keyframes([key, *rest])) == [key, *rest]


def test_where_the_first_keyframe_was_whole_the_others_do_not_wait() -> None:
    read: list[int] = []

    def stream() -> Iterator["Packet[VideoStream]"]:
        for number in range(6):
            read.append(number)
            key = number % 2 == 0
            yield packet(PARAMETERS + FIRST if key else NEXT, pts=number, key=key)

    given = joined_keyframes(stream())
    assert [next(given).pts for _ in range(5)] == [0, 1, 2, 3, 4]
    assert read == [0, 1, 2, 3, 4]
