"""True frame numbers without decoding: the presentation times of all packets, read from the container alone."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.types import Int64
from tracker_service.video.container import VideoContainer
from tracker_service.video.position import Position

# Only where one packet is one frame and carries its presentation time can packets be counted instead of frames.
_INDEXABLE_FORMATS = frozenset({"mov", "mp4", "matroska", "webm"})
_INDEXABLE_CODECS = frozenset({"h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg", "prores", "ffv1", "dnxhd", "rawvideo"})


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """Presentation times of every frame of a stream, and the keyframes at which decoding can begin.

    Attributes:
        times: (n,) presentation timestamps in ticks, rising: the i-th belongs to frame i.
        key_times: (k,) presentation timestamps of the keyframes, rising.
        key_seeks: (k,) for each keyframe the timestamp with which a container finds it.
        seconds_per_tick: time base of the stream.
    """

    times: Int64
    key_times: Int64
    key_seeks: Int64
    seconds_per_tick: float

    @classmethod
    def read(cls, container: VideoContainer) -> Self | None:
        """Read all packets of a container without decoding; None if the frame numbers cannot be derived from them.

        The container is at its end afterwards.
        """
        times: list[int] = []
        keys: list[tuple[int, int]] = []
        first: int | None = None
        for packet in container.packets():
            if packet is None or packet.size == 0:
                continue
            if packet.pts is None or (first is None and not packet.is_keyframe):
                return None
            first = packet.pts if first is None else first
            if packet.is_keyframe:
                keys.append((packet.pts, packet.pts if packet.dts is None else min(packet.dts, packet.pts)))
            if not packet.is_discard:
                times.append(packet.pts)
        ordered = np.unique(np.array(times, np.int64))
        # Frames shown before the first keyframe cannot be decoded, and equal times do not tell which frame is which.
        if first is None or not times or ordered[0] < first or len(ordered) != len(times):
            return None
        key_times, key_seeks = np.array(sorted(keys), np.int64).T
        return cls(ordered, key_times, key_seeks, float(container.time_base))

    def __len__(self) -> int:
        return len(self.times)

    def seconds(self, number: int) -> float:
        """Return the time of a frame since the first one."""
        return float(self.times[number] - self.times[0]) * self.seconds_per_tick

    def find(self, position: Position) -> int:
        """Return the number of the first frame at or after the position, ``len(self)`` if there is none."""
        seconds = (self.times - self.times[0]) * self.seconds_per_tick
        return position.first_reached(seconds)

    def seek_before(self, number: int) -> int:
        """Return the timestamp to seek to so that decoding forward gives the frame with this number."""
        key = int(np.searchsorted(self.key_times, self.times[number], side="right")) - 1
        return int(self.key_seeks[max(key, 0)])


def can_be_indexed(container: VideoContainer) -> bool:
    """Tell whether counting the packets of this container counts its frames."""
    formats = set(container.format.split(","))
    return bool(formats & _INDEXABLE_FORMATS) and container.codec in _INDEXABLE_CODECS
