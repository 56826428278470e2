"""Streams that start small and grow, as video calls and adaptive recordings do."""

import math
import re
from pathlib import Path

from tracker_service.video.container import VideoContainer
from tracker_service.video.damage import DamageReport
from tracker_service.video.decoding import decoded_frames

_LOOK_AHEAD = 10.0
"""Seconds from the beginning in which a larger size is looked for."""

_MOST_PACKETS = 1000
_MOST_KEYFRAMES = 32

# Where the size stands: sequence parameter sets (H.264 type 7, HEVC type 33), MPEG-2's sequence header; VP8 and VP9
# have it at the beginning of each keyframe.
_SIZE_HEADERS = {
    "h264": re.compile(rb"\x00\x00\x01[\x27\x47\x67].{16}", re.DOTALL),
    "hevc": re.compile(rb"\x00\x00\x01\x42\x01.{32}", re.DOTALL),
    "mpeg2video": re.compile(rb"\x00\x00\x01\xb3.{3}", re.DOTALL),
    "vp8": re.compile(rb"\x9d\x01\x2a.{4}", re.DOTALL),
    "vp9": re.compile(rb"\A.{8}", re.DOTALL),
}
_WITH_INDEX = frozenset({"mov", "avi"})


def sizes_differ(path: Path, stream: int) -> bool:
    """Tell whether the keyframes of the first seconds state several sizes; nothing is decoded.

    Args:
        path: the file; for one with an index, whose header states the size, the answer is no.
        stream: number of the video stream.
    """
    container = VideoContainer(path, 1, stream)
    try:
        return _headers_differ(container)
    finally:
        container.close()


def largest_keyframe(path: Path, stream: int) -> tuple[int, int]:
    """Return width and height, as stored, of the largest of the first keyframes; (0, 0) if there is none.

    Args:
        path: the file.
        stream: number of the video stream.
    """
    container = VideoContainer(path, 1, stream)
    try:
        container.stream.codec_context.skip_frame = "NONKEY"
        keyframes = zip(range(_MOST_KEYFRAMES), decoded_frames(container, DamageReport()), strict=False)
        sizes = [(frame.width, frame.height) for _, frame in keyframes]
    finally:
        container.close()
    return max(sizes, key=math.prod, default=(0, 0))


def _headers_differ(container: VideoContainer) -> bool:
    header = _SIZE_HEADERS.get(container.codec)
    if header is None or _WITH_INDEX & set(container.format.split(",")):
        return False
    found: set[bytes] = set()
    begin: int | None = None
    for _, packet in zip(range(_MOST_PACKETS), container.packets(), strict=False):
        if packet is None or packet.size == 0:
            break
        time = packet.pts if packet.dts is None else packet.dts
        begin = time if begin is None else begin
        if begin is not None and time is not None and (time - begin) * container.time_base > _LOOK_AHEAD:
            break
        if packet.is_keyframe:
            found.update(match[0] for match in header.finditer(bytes(packet)))
    return len(found) > 1
